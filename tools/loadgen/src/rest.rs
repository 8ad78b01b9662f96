//! The little of HTTP that signing up needs: one request per connection.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

/// Somebody who can connect.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: Uuid,
    pub(crate) token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignedIn {
    access_token: String,
    user: User,
}

#[derive(Deserialize)]
struct User {
    id: Uuid,
}

/// The password of everybody.
pub(crate) const PASSWORD: &str = "a long enough password";

/// Signs up people of these numbers.
pub(crate) async fn sign_up(server: SocketAddr, count: usize) -> Result<Vec<Person>> {
    let mut people = Vec::with_capacity(count);
    for index in 0..count {
        let body = json!({
            "email": format!("load{index}@example.org"),
            "password": PASSWORD,
            "name": format!("Load {index:05}"),
        });
        let answer = call(server, "POST", "/auth/register", Some(&body)).await?;
        let SignedIn { access_token, user } = serde_json::from_slice(&answer)?;
        people.push(Person { id: user.id, token: access_token });
    }
    Ok(people)
}

/// The body of a successful GET.
pub(crate) async fn get(server: SocketAddr, path: &str) -> Result<Vec<u8>> {
    call(server, "GET", path, None).await
}

/// The body of a successful POST.
pub(crate) async fn post(server: SocketAddr, path: &str, body: &Value) -> Result<Vec<u8>> {
    call(server, "POST", path, Some(body)).await
}

async fn call(
    server: SocketAddr,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Result<Vec<u8>> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {server}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").context("no whole head")?;
    let head = String::from_utf8_lossy(&answer[..end]);
    let status = head.split(' ').nth(1).unwrap_or_default();
    ensure!(status.starts_with('2'), "{method} {path}: {}", String::from_utf8_lossy(&answer));
    Ok(answer.split_off(end + 4))
}
