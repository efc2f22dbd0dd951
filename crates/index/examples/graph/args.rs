//! Arguments.

use super::Error;
use rose_forest_core::{Distance, Encoding};
use std::{path::PathBuf, str::FromStr};

const USAGE: &str = "graph --rows <npy> --queries <npy> | --synthetic <rows>,<dimension>
    --distance cosine|dot|euclid|manhattan  --encoding sq8|f16|f32
    --m <n>  --ef-construction <n>  --ef <n>,<n>,...  --threads <n>
    --filter  --image  --json";

/// What to measure.
pub struct Args {
    pub rows: PathBuf,
    pub queries: PathBuf,
    /// Rows and components.
    pub synthetic: Option<(usize, usize)>,
    pub distance: Distance,
    pub encoding: Encoding,
    pub m: usize,
    pub ef_construction: usize,
    pub ef: Vec<usize>,
    pub threads: usize,
    pub filter: bool,
    pub image: bool,
    pub json: bool,
}

impl Args {
    pub fn parse() -> Result<Self, Error> {
        let mut args = Self {
            rows: PathBuf::new(),
            queries: PathBuf::new(),
            synthetic: None,
            distance: Distance::Cosine,
            encoding: Encoding::Sq8,
            m: 16,
            ef_construction: 128,
            ef: vec![16, 24, 32, 48, 64, 96, 128, 192, 256],
            threads: 2,
            filter: false,
            image: false,
            json: false,
        };
        let mut given = std::env::args().skip(1);
        while let Some(name) = given.next() {
            match name.as_str() {
                "--filter" => args.filter = true,
                "--image" => args.image = true,
                "--json" => args.json = true,
                _ => args.set(&name, &given.next().ok_or(USAGE)?)?,
            }
        }
        if args.synthetic.is_none() && args.rows.as_os_str().is_empty() {
            Err(USAGE.into())
        } else {
            Ok(args)
        }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        match name {
            "--rows" => self.rows = value.into(),
            "--queries" => self.queries = value.into(),
            "--synthetic" => match numbers(value)?[..] {
                [rows, dimension] => self.synthetic = Some((rows, dimension)),
                _ => return Err(USAGE.into()),
            },
            "--distance" => {
                self.distance = match value {
                    "cosine" => Distance::Cosine,
                    "dot" => Distance::Dot,
                    "euclid" => Distance::Euclid,
                    "manhattan" => Distance::Manhattan,
                    _ => return Err(USAGE.into()),
                }
            }
            "--encoding" => {
                self.encoding = match value {
                    "sq8" => Encoding::Sq8,
                    "f16" => Encoding::F16,
                    "f32" => Encoding::F32,
                    _ => return Err(USAGE.into()),
                }
            }
            "--m" => self.m = value.parse()?,
            "--ef-construction" => self.ef_construction = value.parse()?,
            "--ef" => self.ef = numbers(value)?,
            "--threads" => self.threads = value.parse()?,
            _ => return Err(USAGE.into()),
        }
        Ok(())
    }
}

fn numbers(value: &str) -> Result<Vec<usize>, Error> {
    Ok(value.split(',').map(usize::from_str).collect::<Result<_, _>>()?)
}
