//! Parquet: a column of lists of numbers is the vector, a column of integers or strings the id, and all other
//! columns become the payload.

use super::{Item, Options, Row, Source, payload_text};
use anyhow::{Context, Result, bail, ensure};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Field, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Schema, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Map, Number, Value};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Rows decoded at a time: 1,024 vectors of 4,096 components are 16 MB.
const BATCH_ROWS: usize = 1_024;

pub(super) fn open(file: &Path, options: &Options) -> Result<Source> {
    let about = || format!("cannot read {} as Parquet", file.display());
    let opened = File::open(file).with_context(about)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(opened).with_context(about)?;
    let columns = Columns::of(builder.schema(), options).with_context(about)?;
    let total = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    ensure!(total > 0, "{}: expected at least one row, received none", file.display());
    let batches = builder.with_batch_size(BATCH_ROWS).build().with_context(about)?;
    let mut before = 0;
    let rows = batches.flat_map(move |batch| match batch.context("the file cannot be read further") {
        Ok(batch) => {
            let items: Vec<_> = (0..batch.num_rows()).map(|i| Ok(columns.row(&batch, i, before))).collect();
            before += batch.num_rows() as u64;
            items
        }
        Err(problem) => vec![Err(problem)],
    });
    Ok(Source { rows: Box::new(rows), total: Some(total), place: "row" })
}

struct Columns {
    vector: usize,
    id: usize,
    payload: Vec<(usize, String)>,
}

impl Columns {
    fn of(schema: &Arc<Schema>, options: &Options) -> Result<Self> {
        let names =
            || schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>().join(", ");
        let named = |name: &str| {
            schema
                .index_of(name)
                .ok()
                .with_context(|| format!("there is no column `{name}`; there are {}", names()))
        };
        let vector = match &options.vector_column {
            Some(name) => named(name)?,
            None => {
                let lists: Vec<_> = schema
                    .fields()
                    .iter()
                    .enumerate()
                    .filter(|(_, field)| is_vector(field))
                    .map(|(i, _)| i)
                    .collect();
                match lists.as_slice() {
                    [one] => *one,
                    [] => bail!("no column is a list of floats; there are {}", names()),
                    _ => bail!("several columns are lists of floats: name one with --vector-column"),
                }
            }
        };
        ensure!(
            schema.fields().get(vector).is_some_and(|field| is_vector(field)),
            "the column of the vectors is not a list of floats"
        );
        let id = named(options.id_column.as_deref().unwrap_or("id"))?;
        let payload = schema
            .fields()
            .iter()
            .enumerate()
            .filter(|(i, _)| *i != vector && *i != id)
            .map(|(i, field)| (i, field.name().clone()))
            .collect();
        Ok(Self { vector, id, payload })
    }

    fn row(&self, batch: &RecordBatch, i: usize, before: u64) -> Item {
        let place = before + i as u64 + 1;
        match self.read(batch, i, place) {
            Ok(row) => Item::Row(row),
            Err(reason) => Item::bad(place, reason),
        }
    }

    fn read(&self, batch: &RecordBatch, i: usize, place: u64) -> Result<Row, String> {
        let id = match value(batch.column(self.id), i)? {
            Value::Null => Err("the id is missing".to_owned()),
            other => super::json_lines::id_of(other),
        }?;
        let vector = vector(batch.column(self.vector), i)?;
        let mut payload = Map::new();
        for (column, name) in &self.payload {
            match value(batch.column(*column), i).map_err(|reason| format!("column `{name}`: {reason}"))? {
                Value::Null => {}
                value => {
                    payload.insert(name.clone(), value);
                }
            }
        }
        let payload = if payload.is_empty() { Value::Null } else { Value::Object(payload) };
        Ok(Row { place, id, vector, payload: payload_text(payload).map_err(|problem| problem.to_string())? })
    }
}

fn is_vector(field: &Field) -> bool {
    let item = match field.data_type() {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => item,
        _ => return false,
    };
    matches!(item.data_type(), DataType::Float16 | DataType::Float32 | DataType::Float64)
}

/// What is in a list; none for other columns and for missing lists.
fn list(column: &ArrayRef, i: usize) -> Option<ArrayRef> {
    if column.is_null(i) {
        return None;
    }
    match column.data_type() {
        DataType::List(_) => Some(column.as_list::<i32>().value(i)),
        DataType::LargeList(_) => Some(column.as_list::<i64>().value(i)),
        DataType::FixedSizeList(..) => Some(column.as_fixed_size_list().value(i)),
        _ => None,
    }
}

fn vector(column: &ArrayRef, i: usize) -> Result<Vec<f32>, String> {
    let items = list(column, i).ok_or("the vector is missing")?;
    if items.null_count() > 0 {
        return Err("a component of the vector is missing".to_owned());
    }
    match items.data_type() {
        DataType::Float16 => {
            Ok(items.as_primitive::<Float16Type>().values().iter().map(|x| x.to_f32()).collect())
        }
        DataType::Float32 => Ok(items.as_primitive::<Float32Type>().values().to_vec()),
        DataType::Float64 => {
            Ok(items.as_primitive::<Float64Type>().values().iter().map(|x| *x as f32).collect())
        }
        other => Err(format!("the vector is a list of {other}, expected floats")),
    }
}

/// A cell as JSON.
fn value(column: &ArrayRef, i: usize) -> Result<Value, String> {
    if column.is_null(i) {
        return Ok(Value::Null);
    }
    Ok(match column.data_type() {
        DataType::Null => Value::Null,
        DataType::Boolean => Value::Bool(column.as_boolean().value(i)),
        DataType::Int8 => Value::from(column.as_primitive::<Int8Type>().value(i)),
        DataType::Int16 => Value::from(column.as_primitive::<Int16Type>().value(i)),
        DataType::Int32 => Value::from(column.as_primitive::<Int32Type>().value(i)),
        DataType::Int64 => Value::from(column.as_primitive::<Int64Type>().value(i)),
        DataType::UInt8 => Value::from(column.as_primitive::<UInt8Type>().value(i)),
        DataType::UInt16 => Value::from(column.as_primitive::<UInt16Type>().value(i)),
        DataType::UInt32 => Value::from(column.as_primitive::<UInt32Type>().value(i)),
        DataType::UInt64 => Value::from(column.as_primitive::<UInt64Type>().value(i)),
        DataType::Float16 => float(column.as_primitive::<Float16Type>().value(i).to_f64())?,
        DataType::Float32 => float(f64::from(column.as_primitive::<Float32Type>().value(i)))?,
        DataType::Float64 => float(column.as_primitive::<Float64Type>().value(i))?,
        DataType::Utf8 => Value::from(column.as_string::<i32>().value(i)),
        DataType::LargeUtf8 => Value::from(column.as_string::<i64>().value(i)),
        DataType::Utf8View => Value::from(column.as_string_view().value(i)),
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
            let Some(items) = list(column, i) else { return Ok(Value::Null) };
            Value::Array((0..items.len()).map(|i| value(&items, i)).collect::<Result<_, _>>()?)
        }
        DataType::Struct(fields) => {
            let parts = column.as_struct().columns().iter().zip(fields);
            let parts = parts.map(|(part, field)| Ok((field.name().clone(), value(part, i)?)));
            Value::Object(parts.collect::<Result<_, String>>()?)
        }
        // Pandas writes texts that repeat as dictionaries.
        DataType::Dictionary(..) => {
            let dictionary = column.as_any_dictionary();
            let key = dictionary.normalized_keys().get(i).copied().unwrap_or_default();
            value(dictionary.values(), key)?
        }
        other => return Err(format!("a {other} cannot be stored in a payload")),
    })
}

fn float(x: f64) -> Result<Value, String> {
    Number::from_f64(x).map(Value::Number).ok_or_else(|| format!("{x} cannot be stored in a payload"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Float32Builder, Int64Array, ListBuilder, StringArray};
    use parquet::arrow::ArrowWriter;
    use rose_forest_api::PointId;

    fn write(file: &Path, columns: Vec<(&str, ArrayRef)>) {
        let batch = RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, column)| (name, column, true)),
        )
        .unwrap();
        let mut writer = ArrowWriter::try_new(File::create(file).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    fn vectors(rows: &[Option<&[f32]>]) -> ArrayRef {
        let mut builder = ListBuilder::new(Float32Builder::new());
        for row in rows {
            match row {
                Some(row) => {
                    builder.values().append_slice(row);
                    builder.append(true);
                }
                None => builder.append(false),
            }
        }
        Arc::new(builder.finish())
    }

    #[test]
    fn a_list_of_floats_is_the_vector_and_other_columns_are_the_payload() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.parquet");
        write(
            &file,
            vec![
                ("id", Arc::new(Int64Array::from(vec![Some(5), None, Some(-1), Some(8)])) as ArrayRef),
                ("embedding", vectors(&[Some(&[1.0, 2.0]), Some(&[1.0, 2.0]), Some(&[1.0, 2.0]), None])),
                ("word", Arc::new(StringArray::from(vec![Some("rose"), None, None, None]))),
            ],
        );
        let source = open(&file, &Options::default()).unwrap();
        assert_eq!(source.total, Some(4));
        let items: Vec<_> = source.rows.map(Result::unwrap).collect();
        let payload = Some("{\"word\":\"rose\"}".to_owned());
        assert_eq!(
            items[0],
            Item::Row(Row { place: 1, id: PointId::Int(5), vector: vec![1.0, 2.0], payload })
        );
        let reasons: Vec<_> = items[1..]
            .iter()
            .map(|item| match item {
                Item::Bad(bad) => (bad.place, bad.reason.as_str()),
                Item::Row(row) => panic!("{row:?} was accepted"),
            })
            .collect();
        assert_eq!(
            reasons,
            [
                (2, "the id is missing"),
                (3, "the id is -1, expected an unsigned integer or a string"),
                (4, "the vector is missing")
            ]
        );
    }

    #[test]
    fn a_file_without_vectors_or_ids_names_its_columns() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.parquet");
        write(&file, vec![("a", Arc::new(StringArray::from(vec!["x"])) as ArrayRef)]);
        let problem = format!("{:#}", open(&file, &Options::default()).err().unwrap());
        assert!(problem.contains("no column is a list of floats; there are a"), "{problem}");
        write(&file, vec![("v", vectors(&[Some(&[1.0])]))]);
        let problem = format!("{:#}", open(&file, &Options::default()).err().unwrap());
        assert!(problem.contains("there is no column `id`; there are v"), "{problem}");
    }

    #[test]
    fn what_is_no_parquet_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.parquet");
        std::fs::write(&file, b"PAR1 and then nothing").unwrap();
        let problem = format!("{:#}", open(&file, &Options::default()).err().unwrap());
        assert!(problem.contains("as Parquet"), "{problem}");
    }
}
