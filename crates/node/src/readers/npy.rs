//! `.npy`: a two-dimensional array of f16, f32 or f64, a row a vector, in C order.
//!
//! Ids are the row numbers from 0, or the lines of `--ids`; payloads are the lines of `--payloads`.

use super::json_lines::{Lines, id_of};
use super::{Item, Options, Row, Rows, Source, payload_text};
use anyhow::{Context, Result, anyhow, bail, ensure};
use npyz::{NpyFile, Order};
use rose_forest_api::{PointId, Schema};
use rose_forest_rules::limits::MAX_DIMENSION;
use serde_json::Value;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

type Numbers = Box<dyn Iterator<Item = std::io::Result<f32>>>;

pub(super) fn open(file: &Path, options: &Options, schema: Option<&Schema>) -> Result<Source> {
    let (numbers, rows, dimension) = numbers(file)?;
    if let Some(schema) = schema {
        let expected = schema.dimension();
        ensure!(
            dimension == expected,
            "{}: expected vectors of {expected} components, received {dimension}",
            file.display()
        );
    }
    let ids = beside(options.ids.as_deref())?;
    let payloads = beside(options.payloads.as_deref())?;
    let iter = Npy { numbers, ids, payloads, dimension, rows, next: 0, done: false };
    Ok(Source { rows: Box::new(iter) as Rows, total: Some(rows), place: "row" })
}

/// All vectors of a file in one piece, and their number of components.
pub(crate) fn read_all(file: &Path) -> Result<(Vec<f32>, usize)> {
    let (numbers, _, dimension) = numbers(file)?;
    let vectors = numbers.collect::<std::io::Result<_>>();
    Ok((vectors.with_context(|| format!("cannot read {}", file.display()))?, dimension))
}

fn numbers(file: &Path) -> Result<(Numbers, u64, usize)> {
    let about = || format!("cannot read {} as .npy", file.display());
    let opened = File::open(file).with_context(about)?;
    let bytes = opened.metadata().with_context(about)?.len();
    let npy = NpyFile::new(BufReader::with_capacity(1 << 20, opened)).with_context(about)?;
    let [rows, dimension] = *npy.shape() else {
        bail!("{}: expected an array of two dimensions, received {:?}", file.display(), npy.shape());
    };
    ensure!(rows > 0, "{}: expected at least one row, received none", file.display());
    let components = usize::try_from(dimension).ok().filter(|d| (1..=MAX_DIMENSION).contains(d));
    let components = components.with_context(|| {
        format!("{}: expected rows of 1 to {MAX_DIMENSION} components, received {dimension}", file.display())
    })?;
    ensure!(
        npy.order() == Order::C || rows == 1 || dimension == 1,
        "{}: expected rows one after the other (C order), received Fortran order",
        file.display()
    );
    ensure!(
        rows.checked_mul(dimension).is_some_and(|all| all <= bytes),
        "{}: it says {rows} rows of {dimension} and has {bytes} bytes",
        file.display()
    );
    let npy = match npy.try_data::<f32>() {
        Ok(data) => return Ok((Box::new(data), rows, components)),
        Err(npy) => npy,
    };
    let npy = match npy.try_data::<half::f16>() {
        Ok(data) => return Ok((Box::new(data.map(|x| x.map(half::f16::to_f32))), rows, components)),
        Err(npy) => npy,
    };
    match npy.try_data::<f64>() {
        Ok(data) => Ok((Box::new(data.map(|x| x.map(|x| x as f32))), rows, components)),
        Err(npy) => bail!("{}: expected f16, f32 or f64, received {}", file.display(), npy.dtype().descr()),
    }
}

fn beside(file: Option<&Path>) -> Result<Option<Lines<BufReader<File>>>> {
    file.map(Lines::open).transpose()
}

struct Npy {
    numbers: Numbers,
    ids: Option<Lines<BufReader<File>>>,
    payloads: Option<Lines<BufReader<File>>>,
    dimension: usize,
    rows: u64,
    next: u64,
    done: bool,
}

impl Iterator for Npy {
    type Item = Result<Item>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done || self.next == self.rows {
            return None;
        }
        let item = self.read();
        self.done = item.is_err();
        Some(item)
    }
}

impl Npy {
    fn read(&mut self) -> Result<Item> {
        let row = self.next;
        self.next += 1;
        let place = row + 1;
        let vector = self.numbers.by_ref().take(self.dimension).collect::<std::io::Result<Vec<f32>>>();
        let vector = vector.with_context(|| format!("the file ends in row {place}"))?;
        ensure!(vector.len() == self.dimension, "the file ends in row {place}");
        let id = match line(self.ids.as_mut(), "--ids", place)? {
            None => Ok(PointId::Int(row)),
            Some(Ok(Value::Object(mut fields))) => {
                fields.remove("id").ok_or("its line of --ids has no field `id`".to_owned()).and_then(id_of)
            }
            Some(Ok(value)) => id_of(value),
            Some(Err(reason)) => Err(reason),
        };
        let payload = match line(self.payloads.as_mut(), "--payloads", place)? {
            None => Ok(None),
            Some(value) => value.and_then(|value| payload_text(value).map_err(|problem| problem.to_string())),
        };
        Ok(match id.and_then(|id| Ok((id, payload?))) {
            Ok((id, payload)) => Item::Row(Row { place, id, vector, payload }),
            Err(reason) => Item::bad(place, reason),
        })
    }
}

type LineValue = std::result::Result<Value, String>;

/// The next line of a file beside the array: one too few would give every later row another's.
fn line(lines: Option<&mut Lines<BufReader<File>>>, what: &str, place: u64) -> Result<Option<LineValue>> {
    let Some(lines) = lines else { return Ok(None) };
    let (_, text) =
        lines.next().ok_or_else(|| anyhow!("the file of {what} has no line for row {place}"))??;
    let value = text.map_err(str::to_owned).and_then(|text| {
        serde_json::from_str(&text).map_err(|problem| format!("its line of {what} is not JSON: {problem}"))
    });
    Ok(Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use npyz::WriterBuilder;
    use std::path::PathBuf;

    fn write<T: npyz::AutoSerialize + npyz::Serialize + Copy>(file: &Path, shape: &[u64], data: &[T]) {
        let out = File::create(file).unwrap();
        let mut npy = npyz::WriteOptions::new().default_dtype().shape(shape).writer(out).begin_nd().unwrap();
        npy.extend(data.iter().copied()).unwrap();
        npy.finish().unwrap();
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.npy");
        (dir, file)
    }

    fn rows(file: &Path, options: &Options) -> Vec<Item> {
        open(file, options, None).unwrap().rows.map(Result::unwrap).collect()
    }

    #[test]
    fn f16_f32_and_f64_give_the_same_rows() {
        let (_dir, file) = folder();
        let data = [1.0, -0.5, 2.0, 4.0];
        let expected: Vec<_> = (0..2)
            .map(|i| {
                let vector = data[2 * i..2 * i + 2].iter().map(|x| *x as f32).collect();
                Item::Row(Row { place: i as u64 + 1, id: PointId::Int(i as u64), vector, payload: None })
            })
            .collect();
        write(&file, &[2, 2], &data);
        assert_eq!(rows(&file, &Options::default()), expected);
        write(&file, &[2, 2], &data.map(|x| x as f32));
        assert_eq!(rows(&file, &Options::default()), expected);
        write(&file, &[2, 2], &data.map(half::f16::from_f64));
        assert_eq!(rows(&file, &Options::default()), expected);
    }

    #[test]
    fn ids_and_payloads_come_from_files_beside_it() {
        let (dir, file) = folder();
        write(&file, &[3, 1], &[1.0f32, 2.0, 3.0]);
        let ids = dir.path().join("ids.jsonl");
        std::fs::write(&ids, "\"a\"\n{\"id\": 7}\n-1\n").unwrap();
        let payloads = dir.path().join("payloads.jsonl");
        std::fs::write(&payloads, "{\"x\": 1}\nnull\n{}\n").unwrap();
        let items = rows(&file, &Options { ids: Some(ids), payloads: Some(payloads), ..Options::default() });
        let Item::Row(first) = &items[0] else { panic!("{:?}", items[0]) };
        assert_eq!((first.id.to_string().as_str(), first.payload.as_deref()), ("a", Some("{\"x\":1}")));
        assert!(matches!(&items[1], Item::Row(row) if row.id == PointId::Int(7) && row.payload.is_none()));
        assert!(matches!(&items[2], Item::Bad(bad) if bad.place == 3));
    }

    #[test]
    fn too_few_ids_stop_the_load() {
        let (dir, file) = folder();
        write(&file, &[2, 1], &[1.0f32, 2.0]);
        let ids = dir.path().join("ids.jsonl");
        std::fs::write(&ids, "1\n").unwrap();
        let options = Options { ids: Some(ids), ..Options::default() };
        let last = open(&file, &options, None).unwrap().rows.last().unwrap();
        assert_eq!(last.unwrap_err().to_string(), "the file of --ids has no line for row 2");
    }

    #[test]
    fn arrays_that_hold_no_vectors_are_refused() {
        let (_dir, file) = folder();
        let problem = |file: &Path| open(file, &Options::default(), None).err().unwrap().to_string();
        write(&file, &[4], &[1.0f32; 4]);
        assert!(problem(&file).contains("two dimensions"));
        write(&file, &[2, 2], &[1i32; 4]);
        assert!(problem(&file).contains("expected f16, f32 or f64"));
        write(&file, &[1, 4097], &[1.0f32; 4097]);
        assert!(problem(&file).contains("received 4097"));
        write(&file, &[0, 4], &[0.0f32; 0]);
        assert!(problem(&file).contains("at least one row"));
    }

    #[test]
    fn a_file_that_was_cut_off_is_noticed() {
        let (_dir, file) = folder();
        write(&file, &[2, 2], &[1.0f32; 4]);
        let bytes = std::fs::read(&file).unwrap();
        std::fs::write(&file, &bytes[..bytes.len() - 3]).unwrap();
        let items: Vec<_> = open(&file, &Options::default(), None).unwrap().rows.collect();
        assert!(items[0].is_ok());
        assert_eq!(items[1].as_ref().unwrap_err().to_string(), "the file ends in row 2");
    }

    #[test]
    fn another_dimension_than_the_collections_is_refused_at_once() {
        let (_dir, file) = folder();
        write(&file, &[2, 2], &[1.0f32; 4]);
        let schema =
            Schema::new("a", 3, rose_forest_api::Distance::Dot, rose_forest_api::Encoding::F32).unwrap();
        let problem = open(&file, &Options::default(), Some(&schema)).err().unwrap().to_string();
        assert!(problem.contains("expected vectors of 3 components, received 2"), "{problem}");
    }
}
