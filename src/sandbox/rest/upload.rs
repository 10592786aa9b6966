//! Requests with files: `multipart/form-data` with a part `payload_json` and parts `files[n]`.
//! <https://github.com/discord/discord-api-docs> reference, "Uploading Files"

use axum::body::Bytes;
use serde_json::Value;

use super::super::attachments::File;

/// Files per message.
const FILES: usize = 10;
/// The longest file, in bytes, in a guild without boosts.
const FILE_BYTES: usize = 10 * 1024 * 1024;

/// A request body: its JSON, and the files by their number.
#[derive(Default)]
pub(super) struct Upload {
    pub json: Value,
    pub files: Vec<(u64, File)>,
}

impl Upload {
    /// Takes a form apart. The error is a sentence for the record.
    pub fn read(form: &Bytes, boundary: &str) -> Result<Self, &'static str> {
        let mut upload = Self::default();
        for part in parts(form, boundary) {
            let head = find(&part, b"\r\n\r\n").ok_or("a part of the form has no head")?;
            let lines = std::str::from_utf8(&part[..head]).map_err(|_| "the head of a part is not text")?;
            let body = part.slice(head + 4..);
            let name = attribute(lines, "name").ok_or("a part of the form has no name")?;
            if name == "payload_json" {
                upload.json = serde_json::from_slice(&body).map_err(|_| "payload_json is not JSON")?;
                continue;
            }
            let number = name.strip_prefix("files[").and_then(|rest| rest.strip_suffix(']'));
            let number = number.and_then(|number| number.parse().ok()).ok_or("a part is not files[n]")?;
            let name = attribute(lines, "filename").ok_or("a file has no name")?.to_owned();
            let kind =
                lines.lines().find_map(|line| Some(line.split_once(": ")?.1.to_owned()).filter(|_| is_type(line)));
            if body.len() > FILE_BYTES {
                return Err("a file is longer than 10 MiB");
            }
            upload.files.push((number, File { name, kind: kind.unwrap_or_default(), bytes: body }));
        }
        if upload.files.len() > FILES {
            return Err("there are more than 10 files");
        }
        if upload.json.is_null() {
            return Err("the form has no payload_json");
        }
        Ok(upload)
    }
}

fn is_type(line: &str) -> bool {
    line.get(.."content-type".len()).is_some_and(|name| name.eq_ignore_ascii_case("content-type"))
}

/// What is between the boundaries, without the line breaks next to them.
fn parts(form: &Bytes, boundary: &str) -> Vec<Bytes> {
    let boundary = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut from = find(form, boundary.as_bytes()).map(|at| at + boundary.len());
    while let Some(start) = from {
        let next = find(&form[start..], boundary.as_bytes()).map(|at| start + at);
        if let Some(end) = next
            && end >= start + 4
        {
            parts.push(form.slice(start + 2..end - 2));
        }
        from = next.map(|at| at + boundary.len());
    }
    parts
}

/// `name="value"` in the head of a part.
fn attribute<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let disposition = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition"))?;
    let wanted = disposition.split("; ").find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    Some(wanted.trim_matches('"'))
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_taken_apart() {
        let form = "--b\r\nContent-Disposition: form-data; name=\"payload_json\"\r\n\r\n{\"content\":\"hi\"}\r\n\
                    --b\r\nContent-Disposition: form-data; name=\"files[0]\"; filename=\"a.png\"\r\n\
                    Content-Type: image/png\r\n\r\n\x01\r\n\x02\r\n--b--\r\n";
        let upload = Upload::read(&Bytes::from(form), "b").expect("it is a form");
        assert_eq!(upload.json["content"], "hi");
        let (number, file) = &upload.files[0];
        assert_eq!((*number, &*file.name, &*file.kind, &*file.bytes), (0, "a.png", "image/png", &b"\x01\r\n\x02"[..]));
        assert!(Upload::read(&Bytes::from_static(b"--b\r\n"), "b").is_err());
        assert!(Upload::read(&Bytes::from_static(b"--b--b--b"), "b").is_err());
    }
}
