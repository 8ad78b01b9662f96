//! Every route of the REST side: the one list that is served and documented.

use http::StatusCode as Status;
use serde_json::Value;
use zvon_protocol::analytics::Analytics;
use zvon_protocol::audit::AuditRow;
use zvon_protocol::message::Message;
use zvon_protocol::rest::{Alive, Chat, Health, RetentionView, SessionView, SignedIn};
use zvon_protocol::user::{Account, UserRow};
use zvon_protocol::webhook::{CreatedWebhook, DeliveryView, WebhookView};

use super::route::{Route, delete, get, post};
use super::{analytics, audit, auth, chats, docs, health, messages, sessions, users, webhooks};

const LIMITED: &str = "Too Many Requests";
const NO_CHAT: &str = "Chat not found";
const NO_WEBHOOK: &str = "Webhook not found";
const NO_OPERATOR: &str = "Only an operator can do that";
const NO_DAYS: &str = "from and to are days, like 2026-01-31";
const NO_ADMIN: &str = "Only an admin of the group, or for all events an operator, can do that";

/// All of them.
pub(crate) fn routes() -> Vec<Route> {
    [
        accounts(),
        own_sessions(),
        people(),
        conversations(),
        hooks(),
        operators(),
        probes(),
        documents(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn accounts() -> Vec<Route> {
    let created = Status::CREATED;
    vec![
        post("/auth/register", auth::register)
            .does("auth", "Makes an account and its first session.")
            .gives::<SignedIn>(created, "The account and an access token.")
            .refuses(Status::CONFLICT, "User with this email already exists")
            .refuses(Status::TOO_MANY_REQUESTS, LIMITED),
        post("/auth/login", auth::login)
            .does("auth", "Makes a session for who knows the password.")
            .gives::<SignedIn>(created, "The account and an access token.")
            .refuses(Status::UNAUTHORIZED, "Неверный email или пароль")
            .refuses(Status::TOO_MANY_REQUESTS, LIMITED),
        post("/auth/refresh", auth::refresh)
            .does("auth", "The next access token, and the refresh token after this one.")
            .gives::<SignedIn>(created, "Both; the old refresh token is good no more.")
            .refuses(Status::UNAUTHORIZED, "The session has ended"),
        post("/auth/password", auth::password)
            .does("auth", "Changes the password; all other sessions of the account end.")
            .gives_nothing("It is changed.")
            .refuses(Status::FORBIDDEN, "The present password is another one")
            .refuses(Status::TOO_MANY_REQUESTS, LIMITED),
        get("/auth/me", auth::me)
            .does("auth", "The caller's account.")
            .gives::<Account>(Status::OK, "The account."),
    ]
}

fn own_sessions() -> Vec<Route> {
    vec![
        post("/auth/logout", sessions::logout)
            .does("auth", "Ends the session that asks.")
            .gives_nothing("It is over; its sockets are closed."),
        get("/auth/sessions", sessions::list)
            .does("auth", "The caller's live sessions, last used first.")
            .gives::<Vec<SessionView>>(Status::OK, "The sessions."),
        delete("/auth/sessions", sessions::end_others)
            .does("auth", "Ends all of the caller's sessions but the one that asks.")
            .gives_nothing("They are over; their sockets are closed."),
        delete("/auth/sessions/{sessionId}", sessions::end)
            .does("auth", "Ends one of the caller's sessions.")
            .gives_nothing("It is over; its sockets are closed.")
            .refuses(Status::BAD_REQUEST, "The session id must be a UUID")
            .refuses(Status::NOT_FOUND, "Session not found"),
    ]
}

fn people() -> Vec<Route> {
    vec![
        get("/api/users", users::list)
            .alias("/users")
            .does("users", "The people, with presence.")
            .gives::<Vec<UserRow>>(Status::OK, "The people; at most 1000, own contacts first."),
    ]
}

fn conversations() -> Vec<Route> {
    vec![
        get("/chats", chats::list)
            .alias("/api/chats")
            .shared_with_client()
            .does("chats", "The caller's chats, each with its newest message alone.")
            .gives::<Vec<Chat>>(Status::OK, "The chats, the most recently changed first."),
        post("/chats", chats::create)
            .alias("/api/chats")
            .does("chats", "Makes the private chat with someone.")
            .gives::<Chat>(Status::CREATED, "The chat.")
            .refuses(Status::NOT_FOUND, "User with ID … not found")
            .refuses(Status::CONFLICT, "Chat between these users already exists"),
        get("/chats/{chatId}", chats::show)
            .alias("/api/chats/{chatId}")
            .shared_with_client()
            .does("chats", "A chat with its newest messages.")
            .gives::<Chat>(Status::OK, "The chat.")
            .refuses(Status::NOT_FOUND, NO_CHAT),
        get("/chats/{chatId}/messages", chats::messages)
            .alias("/api/chats/{chatId}/messages")
            .shared_with_client()
            .does("chats", "A page of a chat's messages, ascending; without parameters the newest.")
            .gives::<Vec<Message>>(Status::OK, "The messages.")
            .refuses(Status::BAD_REQUEST, "before, after, around and limit are numbers")
            .refuses(Status::NOT_FOUND, NO_CHAT),
        post("/chats/{chatId}/messages", chats::post)
            .alias("/api/chats/{chatId}/messages")
            .does("chats", "Sends a text.")
            .gives::<Message>(Status::CREATED, "The stored message.")
            .refuses(Status::NOT_FOUND, NO_CHAT)
            .refuses(Status::CONFLICT, "clientId was used in another chat")
            .refuses(Status::TOO_MANY_REQUESTS, LIMITED),
        get("/chats/{chatId}/retention", chats::retention)
            .alias("/api/chats/{chatId}/retention")
            .does("chats", "How long a chat keeps its messages.")
            .gives::<RetentionView>(Status::OK, "What its admins said, and what holds.")
            .refuses(Status::NOT_FOUND, NO_CHAT),
        post("/chats/{chatId}/retention", chats::set_retention)
            .alias("/api/chats/{chatId}/retention")
            .does("chats", "Changes how long a group keeps its messages.")
            .gives::<RetentionView>(Status::OK, "What its admins said, and what holds.")
            .refuses(Status::BAD_REQUEST, "maxAgeMs must be null, 0, or a minute to a century")
            .refuses(Status::FORBIDDEN, "Only an admin of the group can do that")
            .refuses(Status::NOT_FOUND, NO_CHAT)
            .refuses(Status::CONFLICT, "The chat already keeps messages so long"),
        get("/messages/{messageId}", messages::show)
            .alias("/api/messages/{messageId}")
            .does("chats", "One message.")
            .gives::<Message>(Status::OK, "The message.")
            .refuses(Status::NOT_FOUND, "Message not found"),
    ]
}

fn hooks() -> Vec<Route> {
    let one = |route: Route| {
        route.refuses(Status::NOT_FOUND, NO_WEBHOOK).refuses(Status::FORBIDDEN, NO_ADMIN)
    };
    let limited = |route: Route| one(route).refuses(Status::TOO_MANY_REQUESTS, LIMITED);
    vec![
        post("/api/webhooks", webhooks::create)
            .does("webhooks", "Makes a webhook of a group, or of all events.")
            .gives::<CreatedWebhook>(Status::CREATED, "It, and the secret that signs, once.")
            .refuses(Status::FORBIDDEN, NO_ADMIN)
            .refuses(Status::NOT_FOUND, NO_CHAT)
            .refuses(Status::CONFLICT, "There are as many webhooks as there may be")
            .refuses(Status::TOO_MANY_REQUESTS, LIMITED),
        get("/api/webhooks", webhooks::list)
            .does("webhooks", "The webhooks of a group, or of all events.")
            .gives::<Vec<WebhookView>>(Status::OK, "The webhooks, the oldest first.")
            .refuses(Status::BAD_REQUEST, "That is possible in groups only")
            .refuses(Status::NOT_FOUND, NO_CHAT)
            .refuses(Status::FORBIDDEN, NO_ADMIN),
        limited(delete("/api/webhooks/{webhookId}", webhooks::delete))
            .does("webhooks", "Removes a webhook and its delivery log.")
            .gives_nothing("It is gone."),
        limited(post("/api/webhooks/{webhookId}/enable", webhooks::enable))
            .does("webhooks", "Has a webhook told of events again, from now on.")
            .gives::<WebhookView>(Status::OK, "The webhook."),
        limited(post("/api/webhooks/{webhookId}/disable", webhooks::disable))
            .does("webhooks", "Has a webhook told nothing more; what waits is given up.")
            .gives::<WebhookView>(Status::OK, "The webhook."),
        limited(post("/api/webhooks/{webhookId}/test", webhooks::test))
            .does("webhooks", "Posts a test event at once, also to a disabled one.")
            .gives::<DeliveryView>(Status::OK, "How it went."),
        one(get("/api/webhooks/{webhookId}/deliveries", webhooks::deliveries))
            .does("webhooks", "The delivery log of the last days.")
            .gives::<Vec<DeliveryView>>(Status::OK, "The deliveries, the newest first.")
            .refuses(Status::BAD_REQUEST, "before is a delivery's id, limit a number"),
    ]
}

fn operators() -> Vec<Route> {
    vec![
        get("/api/audit", audit::list)
            .does("operators", "The audit log.")
            .gives::<Vec<AuditRow>>(Status::OK, "The rows, the newest first.")
            .refuses(Status::BAD_REQUEST, "user is a UUID, since and until are times …")
            .refuses(Status::FORBIDDEN, NO_OPERATOR),
        get("/api/analytics", analytics::show)
            .does("operators", "What happened on each day of UTC.")
            .gives::<Analytics>(Status::OK, "The days, the oldest first.")
            .refuses(Status::BAD_REQUEST, NO_DAYS)
            .refuses(Status::FORBIDDEN, NO_OPERATOR),
        get("/api/analytics.csv", analytics::download)
            .does("operators", "The same as CSV.")
            .gives_text("text/csv", "A head, and a line per day.")
            .refuses(Status::BAD_REQUEST, NO_DAYS)
            .refuses(Status::FORBIDDEN, NO_OPERATOR),
    ]
}

/// Those of balancers and supervisors.
pub(super) fn probes() -> Vec<Route> {
    let unwell = Status::SERVICE_UNAVAILABLE;
    vec![
        get("/health", health::health)
            .does("health", "Whether the store answers and memory is within its thresholds.")
            .gives::<Health>(Status::OK, "All is well.")
            .gives::<Health>(unwell, "It is not; the fields of the envelope are there, too."),
        get("/health/liveness", health::liveness)
            .does("health", "Whether the process answers.")
            .gives::<Alive>(Status::OK, "It does."),
        get("/health/readiness", health::readiness)
            .does("health", "Whether balancers may send clients here.")
            .gives::<Health>(Status::OK, "They may.")
            .gives::<Health>(unwell, "They may not; the fields of the envelope are there, too."),
    ]
}

fn documents() -> Vec<Route> {
    vec![
        get("/api/docs", docs::page)
            .does("docs", "Both documents as a page.")
            .gives_text("text/html", "The page."),
        get("/api/docs.css", docs::style)
            .does("docs", "The page's looks.")
            .gives_text("text/css", "The style sheet."),
        get("/api/docs-json", docs::openapi)
            .does("docs", "The OpenAPI document of the routes.")
            .gives::<Value>(Status::OK, "The document."),
        get("/api/docs-yaml", docs::openapi_yaml)
            .does("docs", "The same as YAML (of which JSON is a part).")
            .gives_text("application/yaml", "The document."),
        get("/api/events-json", docs::asyncapi)
            .does("docs", "The AsyncAPI document of the Socket.IO events.")
            .gives::<Value>(Status::OK, "The document."),
    ]
}
