//! Chats and messages over REST.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use zvon_core::chat::Chat as ChatRow;
use zvon_core::error::Error;
use zvon_core::message::history::page_of;
use zvon_core::message::store::Page;
use zvon_protocol::chat::Retention;
use zvon_protocol::ids::ChatId;
use zvon_protocol::message::Message;
use zvon_protocol::rest::{Chat, CreateChat, PostMessage, RetentionView, SetRetention};

use super::body::Body;
use crate::Edge;
use crate::caller::Authenticated;
use crate::error::HttpError;

/// Paging of a history request.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Paging {
    /// The nearest before this seq.
    #[schemars(with = "u64")]
    before: Option<u64>,
    /// The nearest after this seq.
    #[schemars(with = "u64")]
    after: Option<u64>,
    /// Half of them up to and including this seq, half after it.
    #[schemars(with = "u64")]
    around: Option<u64>,
    /// At most this many (server maximum 1000).
    #[schemars(with = "u32")]
    limit: Option<u32>,
}

/// `POST /chats`.
pub(crate) async fn create(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
    Body(body): Body<CreateChat>,
) -> Result<(StatusCode, Json<Chat>), HttpError> {
    let (chat, made) = edge.app.open_private(who.caller, body.user_id).await?;
    if !made {
        let text = "Chat between these users already exists";
        return Err(HttpError::new(StatusCode::CONFLICT, text));
    }
    let participants = vec![who.caller.user, body.user_id];
    Ok((StatusCode::CREATED, Json(wire(&chat, participants, Vec::new()))))
}

/// `GET /chats`: each with its newest message alone.
pub(crate) async fn list(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
) -> Result<Json<Vec<Chat>>, HttpError> {
    let states = edge.app.chat_states(who.caller).await?;
    let chats = states.into_iter().map(|state| Chat {
        id: state.id,
        participants: state.participants,
        updated_at: state.last_message.as_ref().map_or(state.created_at, |m| m.created_at),
        messages: state.last_message.into_iter().collect(),
        created_at: state.created_at,
    });
    Ok(Json(chats.collect()))
}

/// `GET /chats/:chatId`.
pub(crate) async fn show(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
    chat: Result<Path<ChatId>, PathRejection>,
) -> Result<Json<Chat>, HttpError> {
    let Path(chat) = chat.map_err(|_| not_found())?;
    let messages = edge.app.history(who.caller, chat, Page::Newest, None).await?;
    let state = edge.app.chat_state(who.caller.user, chat).await?.ok_or_else(not_found)?;
    let updated_at = messages.last().map_or(state.created_at, |message| message.created_at);
    let (id, participants, created_at) = (state.id, state.participants, state.created_at);
    Ok(Json(Chat { id, participants, messages, created_at, updated_at }))
}

/// `GET /chats/:chatId/messages`.
pub(crate) async fn messages(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
    chat: Result<Path<ChatId>, PathRejection>,
    paging: Result<Query<Paging>, QueryRejection>,
) -> Result<Json<Vec<Message>>, HttpError> {
    let Path(chat) = chat.map_err(|_| not_found())?;
    let Query(paging) = paging
        .map_err(|_| HttpError::bad_request("before, after, around and limit are numbers"))?;
    let page = page_of(paging.before, paging.after, paging.around)?;
    Ok(Json(edge.app.history(who.caller, chat, page, paging.limit).await?))
}

/// `POST /chats/:chatId/messages`.
pub(crate) async fn post(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
    chat: Result<Path<ChatId>, PathRejection>,
    Body(body): Body<PostMessage>,
) -> Result<(StatusCode, Json<Message>), HttpError> {
    let Path(chat) = chat.map_err(|_| not_found())?;
    let sent = edge.app.send(who.caller, chat, body.content, body.client_id).await?;
    Ok((StatusCode::CREATED, Json(sent)))
}

/// `GET /chats/:chatId/retention`.
pub(crate) async fn retention(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
    chat: Result<Path<ChatId>, PathRejection>,
) -> Result<Json<RetentionView>, HttpError> {
    let Path(chat) = chat.map_err(|_| not_found())?;
    Ok(Json(edge.app.retention(who.caller, chat).await?))
}

/// `POST /chats/:chatId/retention`.
pub(crate) async fn set_retention(
    State(edge): State<Arc<Edge>>,
    who: Authenticated,
    chat: Result<Path<ChatId>, PathRejection>,
    Body(body): Body<SetRetention>,
) -> Result<Json<RetentionView>, HttpError> {
    let Path(chat) = chat.map_err(|_| not_found())?;
    let wanted = Retention { max_age_ms: body.max_age_ms, max_count: body.max_count };
    edge.app.set_retention(who.caller, chat, wanted).await?;
    Ok(Json(edge.app.retention(who.caller, chat).await?))
}

/// What is no id is the id of no chat.
fn not_found() -> HttpError {
    Error::Outsider.into()
}

fn wire(
    chat: &ChatRow,
    participants: Vec<zvon_protocol::ids::UserId>,
    messages: Vec<Message>,
) -> Chat {
    Chat {
        id: chat.id,
        participants,
        messages,
        created_at: chat.created_at,
        updated_at: chat.last_at,
    }
}
