//! JSON lines: `{"id": …, "vector": […], "payload": {…}}`, one object a line; empty lines are passed over.

use super::{Item, Row, Source, payload_text};
use anyhow::{Context, Result};
use rose_forest_api::PointId;
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Bytes of a line: a payload of the largest size and 4,096 components, several times.
const MAX_LINE_BYTES: u64 = 16 * 1024 * 1024;
/// What `export` writes beside what is read here.
const PASSED_OVER: [&str; 3] = ["author", "action_hash", "written_at_micros"];

pub(super) fn open(file: &Path) -> Result<Source> {
    let opened = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let lines = Lines { reader: BufReader::new(opened), number: 0, done: false };
    let rows = lines.map(|line| {
        let (number, text) = line?;
        Ok(match text.map_err(str::to_owned).and_then(|text| read(number, &text)) {
            Ok(row) => Item::Row(row),
            Err(reason) => Item::bad(number, reason),
        })
    });
    Ok(Source { rows: Box::new(rows), total: None, place: "line" })
}

/// The lines of a file that are not blank, with their numbers; a line that is too long or no text is an error of
/// that line alone.
pub(super) struct Lines<R> {
    reader: R,
    number: u64,
    done: bool,
}

impl Lines<BufReader<File>> {
    pub(super) fn open(file: &Path) -> Result<Self> {
        let opened = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(Self { reader: BufReader::new(opened), number: 0, done: false })
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<(u64, Result<String, &'static str>)>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.done {
            let mut bytes = Vec::new();
            let read = self.reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes);
            match read.context("the file cannot be read further") {
                Err(problem) => {
                    self.done = true;
                    return Some(Err(problem));
                }
                Ok(0) => return None,
                Ok(_) => self.number += 1,
            }
            if bytes.len() as u64 == MAX_LINE_BYTES && !bytes.ends_with(b"\n") {
                if let Err(problem) = skip_line(&mut self.reader).context("the file cannot be read further") {
                    self.done = true;
                    return Some(Err(problem));
                }
                return Some(Ok((self.number, Err("the line has more than 16 MiB"))));
            }
            let Ok(text) = String::from_utf8(bytes) else {
                return Some(Ok((self.number, Err("the line is not UTF-8"))));
            };
            if !text.trim().is_empty() {
                return Some(Ok((self.number, Ok(text))));
            }
        }
        None
    }
}

fn skip_line(reader: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        let length = buffer.len();
        if length == 0 {
            return Ok(());
        }
        match buffer.iter().position(|byte| *byte == b'\n') {
            Some(at) => {
                reader.consume(at + 1);
                return Ok(());
            }
            None => reader.consume(length),
        }
    }
}

fn read(place: u64, text: &str) -> Result<Row, String> {
    let mut fields: Map<String, Value> =
        serde_json::from_str(text).map_err(|problem| format!("expected a JSON object: {problem}"))?;
    let id = fields.remove("id").ok_or("the field `id` is missing")?;
    let vector = fields.remove("vector").ok_or("the field `vector` is missing")?;
    let payload = fields.remove("payload").unwrap_or(Value::Null);
    if let Some(other) = fields.keys().find(|key| !PASSED_OVER.contains(&key.as_str())) {
        let other = crate::text::clip(&crate::text::harmless(other), 40);
        return Err(format!("the field `{other}` is not known: expected `id`, `vector` and `payload`"));
    }
    Ok(Row {
        place,
        id: id_of(id)?,
        vector: vector_of(&vector)?,
        payload: payload_text(payload).map_err(|problem| problem.to_string())?,
    })
}

/// The id in a JSON value.
pub(super) fn id_of(value: Value) -> Result<PointId, String> {
    match value {
        Value::Number(number) => number
            .as_u64()
            .map(PointId::Int)
            .ok_or_else(|| format!("the id is {number}, expected an unsigned integer or a string")),
        Value::String(text) => PointId::text(text).map_err(|problem| problem.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err("the id is neither an unsigned integer nor a string".to_owned())
        }
    }
}

/// The vector in a JSON value.
pub(crate) fn vector_of(value: &Value) -> Result<Vec<f32>, String> {
    let items = value.as_array().ok_or("the vector is not an array of numbers")?;
    let number = |(i, item): (usize, &Value)| {
        // As f64 first: what lies beyond f32 becomes infinite, and is refused as such.
        item.as_f64().map(|x| x as f32).ok_or_else(|| format!("component {i} of the vector is not a number"))
    };
    items.iter().enumerate().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &[u8]) -> Vec<Item> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("rows.jsonl");
        std::fs::write(&file, text).unwrap();
        open(&file).unwrap().rows.map(Result::unwrap).collect()
    }

    #[test]
    fn good_rows_are_read_around_bad_ones() {
        let text = b"{\"id\": 1, \"vector\": [1, 2.5], \"payload\": {\"a\": \"b\"}}\n\n\
            not json\n\
            {\"id\": -1, \"vector\": [1]}\n\
            {\"id\": \"x\", \"vector\": [1e300], \"author\": \"me\"}\n\
            {\"id\": \"y\", \"vector\": [1, null]}\n\
            {\"vector\": [1]}\n\
            {\"id\": 2, \"vector\": [1], \"payload\": 3}\n\
            {\"id\": 3, \"vector\": [1], \"payloads\": {}}\n\
            \xff\xfe\n";
        let items = items(text);
        let Item::Row(first) = &items[0] else { panic!("{:?}", items[0]) };
        assert_eq!((first.place, first.vector.as_slice()), (1, &[1.0, 2.5][..]));
        assert_eq!(first.payload.as_deref(), Some("{\"a\":\"b\"}"));
        let bad: Vec<_> = items
            .iter()
            .filter_map(|item| match item {
                Item::Bad(bad) => Some((bad.place, bad.reason.as_str())),
                Item::Row(_) => None,
            })
            .collect();
        assert_eq!(bad.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [3, 4, 6, 7, 8, 9, 10]);
        assert_eq!(bad[1].1, "the id is -1, expected an unsigned integer or a string");
        assert_eq!(bad[2].1, "component 1 of the vector is not a number");
        assert!(bad[5].1.contains("`payloads` is not known"));
        let Item::Row(infinite) = &items[3] else { panic!("{:?}", items[3]) };
        assert!(infinite.vector[0].is_infinite(), "refused later, with all that is not finite");
    }

    #[test]
    fn a_line_that_never_ends_is_one_bad_row() {
        let mut text = vec![b' '; MAX_LINE_BYTES as usize + 10];
        text.extend(b"\n{\"id\": 1, \"vector\": [1]}\n");
        let items = items(&text);
        assert!(matches!(&items[0], Item::Bad(bad) if bad.place == 1), "{:?}", items[0]);
        assert!(matches!(&items[1], Item::Row(row) if row.place == 2));
    }
}
