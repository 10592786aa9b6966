//! Files that the bot uploads: kept for a while, shown by their address.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State as Extract};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::server::Shared;
use super::state::State;

/// Files kept; the oldest are forgotten.
const FILES_KEPT: usize = 200;

#[derive(Clone)]
pub(super) struct File {
    pub name: String,
    /// The media type, as the bot said it.
    pub kind: String,
    pub bytes: Bytes,
}

#[derive(Default)]
pub(super) struct Files(BTreeMap<u64, File>);

impl State {
    /// Replaces what `body` says of its attachments by Discord's objects, and "attachment://name" in its embeds by
    /// an address. Entries that name an attachment of the `old` message stay. None: an entry without a file.
    pub fn attach(&mut self, body: &mut Value, files: &[(u64, File)], old: Option<&Value>) -> Option<()> {
        let listed = body.get("attachments").and_then(Value::as_array).cloned();
        if listed.is_none() && files.is_empty() {
            return Some(());
        }
        // A file that is not listed is attached all the same.
        let listed = listed.unwrap_or_else(|| files.iter().map(|(number, _)| json!({"id": number})).collect());
        let mut attachments = Vec::new();
        for entry in &listed {
            let number = super::mentions::id(&entry["id"])?;
            let kept = old.and_then(|old| old["attachments"].as_array()?.iter().find(|one| one["id"] == entry["id"]));
            if let Some(kept) = kept {
                attachments.push(kept.clone());
                continue;
            }
            let (_, file) = files.iter().find(|(one, _)| *one == number)?;
            attachments.push(self.keep(file, entry));
        }
        if let Some(embeds) = body.get_mut("embeds") {
            point_to(embeds, &attachments);
        }
        body["attachments"] = Value::Array(attachments);
        Some(())
    }

    fn keep(&mut self, file: &File, entry: &Value) -> Value {
        let id = self.new_id();
        let name = entry["filename"].as_str().unwrap_or(&file.name).replace(['/', '?', '#', '%'], "_");
        let url = format!("{}/attachments/{id}/{name}", self.gateway_url.replacen("ws", "http", 1));
        if self.files.0.len() == FILES_KEPT {
            self.files.0.pop_first();
        }
        self.files.0.insert(id, file.clone());
        json!({
            "id": id.to_string(), "filename": name, "size": file.bytes.len(), "url": url, "proxy_url": url,
            "content_type": file.kind, "description": entry["description"],
        })
    }
}

/// Gives images "attachment://name" the address of that attachment.
fn point_to(embeds: &mut Value, attachments: &[Value]) {
    let images = embeds.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut);
    for image in images.flat_map(Map::values_mut) {
        let Some(name) = image["url"].as_str().and_then(|url| url.strip_prefix("attachment://")) else { continue };
        if let Some(attachment) = attachments.iter().find(|attachment| attachment["filename"] == name) {
            image["url"] = attachment["url"].clone();
        }
    }
}

/// `GET /attachments/{id}/{name}`. Only images are shown in place; the browser is told not to guess.
pub(super) async fn serve(Extract(shared): Extract<Arc<Shared>>, Path((id, _)): Path<(u64, String)>) -> Response {
    let Some(file) = shared.read(|state| state.files.0.get(&id).cloned()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let shown = matches!(&*file.kind, "image/png" | "image/jpeg" | "image/gif" | "image/webp");
    let kind = if shown { file.kind } else { "application/octet-stream".to_owned() };
    ([(header::CONTENT_TYPE, kind), (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned())], file.bytes).into_response()
}
