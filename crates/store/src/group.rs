//! Whether a group may be changed so, and the events that this makes. Pure: the facts come from
//! the transaction that holds the chat's lock, and every event says what its row is to do.

use zvon_core::chat::store::GroupChange;
use zvon_core::message::{EventKind, Subject};
use zvon_core::store::{Denied, Verdict};
use zvon_protocol::chat::{ChatKind, Retention, Role};
use zvon_protocol::ids::UserId;

/// Somebody with an account.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) user: UserId,
    pub(crate) name: String,
    /// In the group, if they are a member.
    pub(crate) role: Option<Role>,
}

impl Person {
    fn subject(&self, role: Role) -> Subject {
        Subject { user: self.user, name: self.name.clone(), role }
    }
}

/// What is so before the change.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) kind: ChatKind,
    pub(crate) title: Option<String>,
    pub(crate) retention: Retention,
    /// How many members there are.
    pub(crate) members: u64,
    /// How many of them are admins.
    pub(crate) admins: u64,
    /// Who wants it, if they have an account.
    pub(crate) author: Option<Person>,
    /// Whom it is about, if it is about somebody who has an account.
    pub(crate) target: Option<Person>,
    /// Who is next in line after the author: an admin, or the oldest member.
    pub(crate) heir: Option<Person>,
}

/// Whom a change is about.
pub(crate) fn target(change: &GroupChange) -> Option<UserId> {
    match change {
        GroupChange::Add { user, .. } | GroupChange::Remove(user) => Some(*user),
        GroupChange::SetRole(user, _) => Some(*user),
        GroupChange::Leave | GroupChange::Rename(_) | GroupChange::Keep(_) => None,
    }
}

/// Whether `admins` and `heir` matter to a change; finding them walks through the members.
pub(crate) fn concerns_admins(change: &GroupChange) -> bool {
    matches!(change, GroupChange::Leave | GroupChange::SetRole(..))
}

/// The events of a change, in order, or why there are none.
pub(crate) fn decide(change: &GroupChange, facts: &Facts) -> Verdict<Vec<EventKind>> {
    let author = facts.author.as_ref().and_then(|author| Some((author, author.role?)));
    let Some((author, own)) = author else { return Err(Denied::NotAMember) };
    if facts.kind == ChatKind::Private {
        return Err(Denied::NotAGroup);
    }
    if own == Role::Member && *change != GroupChange::Leave {
        return Err(Denied::NotAnAdmin);
    }
    match change {
        GroupChange::Add { max, .. } => add(facts, *max),
        GroupChange::Remove(user) if *user == author.user => Err(Denied::NoTarget),
        GroupChange::Remove(_) => {
            let (target, role) = member(facts)?;
            Ok(vec![EventKind::MemberRemoved(target.subject(role))])
        }
        GroupChange::Leave => Ok(leave(facts, author, own)),
        GroupChange::SetRole(_, role) => set_role(facts, *role),
        GroupChange::Rename(title) if facts.title.as_ref() == Some(title) => Err(Denied::AlreadySo),
        GroupChange::Rename(title) => Ok(vec![EventKind::Renamed(title.clone())]),
        GroupChange::Keep(wanted) if *wanted == facts.retention => Err(Denied::AlreadySo),
        GroupChange::Keep(wanted) => Ok(vec![EventKind::RetentionChanged(*wanted)]),
    }
}

fn member(facts: &Facts) -> Verdict<(&Person, Role)> {
    let member = facts.target.as_ref().and_then(|target| Some((target, target.role?)));
    member.ok_or(Denied::NoTarget)
}

fn add(facts: &Facts, max: u32) -> Verdict<Vec<EventKind>> {
    match &facts.target {
        None => Err(Denied::NoTarget),
        Some(Person { role: Some(_), .. }) => Err(Denied::AlreadySo),
        Some(_) if facts.members >= u64::from(max) => Err(Denied::Full),
        Some(target) => Ok(vec![EventKind::MemberAdded(target.subject(Role::Member))]),
    }
}

fn leave(facts: &Facts, author: &Person, own: Role) -> Vec<EventKind> {
    let left = EventKind::MemberLeft(author.subject(own));
    let others = facts.admins.saturating_sub(u64::from(own == Role::Admin));
    let heir = facts.heir.as_ref().filter(|_| others == 0);
    let heir = heir.map(|heir| EventKind::MemberChanged(heir.subject(Role::Admin)));
    std::iter::once(left).chain(heir).collect()
}

fn set_role(facts: &Facts, role: Role) -> Verdict<Vec<EventKind>> {
    let (target, current) = member(facts)?;
    match current {
        _ if current == role => Err(Denied::AlreadySo),
        Role::Admin if facts.admins == 1 => Err(Denied::LastAdmin),
        _ => Ok(vec![EventKind::MemberChanged(target.subject(role))]),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
    use uuid::Uuid;

    use super::{
        ChatKind, EventKind, Facts, GroupChange, Person, Retention, Role, UserId, Verdict, decide,
        target,
    };

    /// A small world: people 0 to 4, some of them members.
    fn world() -> impl Strategy<Value = Vec<Option<Role>>> {
        let role = prop_oneof![Just(None), Just(Some(Role::Member)), Just(Some(Role::Admin))];
        proptest::collection::vec(role, 5)
    }

    fn user(number: usize) -> UserId {
        UserId(Uuid::from_u128(number as u128))
    }

    fn change() -> impl Strategy<Value = GroupChange> {
        let whom = || (0_usize..6).prop_map(user);
        prop_oneof![
            (whom(), 0_u32..7).prop_map(|(user, max)| GroupChange::Add { user, max }),
            whom().prop_map(GroupChange::Remove),
            Just(GroupChange::Leave),
            (whom(), any::<bool>()).prop_map(|(user, admin)| {
                GroupChange::SetRole(user, if admin { Role::Admin } else { Role::Member })
            }),
            Just(GroupChange::Rename("new".to_owned())),
            Just(GroupChange::Keep(Retention { max_age_ms: None, max_count: Some(9) })),
        ]
    }

    fn run(world: &[Option<Role>], author: usize, change: &GroupChange) -> Verdict<Vec<EventKind>> {
        let person = |number: usize| {
            let role = *world.get(number)?;
            Some(Person { user: user(number), name: number.to_string(), role })
        };
        let whom = target(change).and_then(|id| (0..world.len()).find(|n| user(*n) == id));
        let heir = |role| (0..world.len()).find(|n| *n != author && world[*n] == Some(role));
        let count = |of: &[Role]| world.iter().flatten().filter(|r| of.contains(r)).count() as u64;
        let facts = Facts {
            kind: ChatKind::Group,
            title: Some("old".to_owned()),
            retention: Retention::default(),
            members: count(&[Role::Admin, Role::Member]),
            admins: count(&[Role::Admin]),
            author: person(author),
            target: whom.and_then(person),
            heir: heir(Role::Admin).or_else(|| heir(Role::Member)).and_then(person),
        };
        decide(change, &facts)
    }

    proptest! {
        #[test]
        fn a_group_with_members_keeps_an_admin(
            mut world in world(), author in 0_usize..5, change in change(),
        ) {
            world[0] = Some(Role::Admin);
            let before = world.iter().flatten().count();
            let Ok(events) = run(&world, author, &change) else { return Ok(()) };
            assert!(world[author] == Some(Role::Admin) || change == GroupChange::Leave);
            assert!(!events.is_empty());
            for event in &events {
                let (whom, role) = match event {
                    EventKind::MemberAdded(subject) | EventKind::MemberChanged(subject) => {
                        (subject.user, Some(subject.role))
                    }
                    EventKind::MemberRemoved(subject) | EventKind::MemberLeft(subject) => {
                        (subject.user, None)
                    }
                    _ => continue,
                };
                let place = (0..world.len()).find(|n| user(*n) == whom).unwrap();
                assert_ne!(world[place], role, "it changes something");
                world[place] = role;
            }
            if let GroupChange::Add { max, .. } = change {
                assert!(before < max as usize);
            }
            let admins = world.iter().flatten().any(|role| *role == Role::Admin);
            assert!(admins || world.iter().all(Option::is_none), "{world:?}");
        }
    }
}
