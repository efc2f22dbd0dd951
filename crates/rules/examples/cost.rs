//! What a validator pays, natively: `cargo run --release -p rose-forest-rules --example cost`.
//!
//! 10,000 rows of 384 components with payloads of 200 bytes, in as many blocks as they need. Each line is the
//! fastest of several passes over all of them, in milliseconds.

use rose_forest_rules::{
    block::{BlockBuilder, BlockView, BuildError, check_block},
    code::sq8_cosine_scale,
    id::PointId,
    schema::{Distance, Encoding, Schema},
    tag::radius_bits,
};
use std::{hint::black_box, time::Instant};

const ROWS: usize = 10_000;
const DIMENSION: usize = 384;
const PASSES: usize = 7;
const NOW: i64 = 1_800_000_000_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{ROWS} rows of {DIMENSION} components, cosine, payloads of 200 bytes; milliseconds");
    println!("encoding  ids      blocks    MB  build  parse  check   meta  radius");
    for encoding in [Encoding::F32, Encoding::F16, Encoding::Sq8] {
        for (kind, id) in [("integer", integer as fn(u64) -> _), ("uuid", uuid), ("string", string)] {
            measure(encoding, kind, id)?;
        }
    }
    Ok(())
}

fn measure(
    encoding: Encoding,
    kind: &str,
    id: impl Fn(u64) -> Result<PointId, rose_forest_rules::Violation>,
) -> Result<(), Box<dyn std::error::Error>> {
    let schema = Schema::new("cost", DIMENSION, Distance::Cosine, encoding)?;
    let mut random = Random(1);
    let ids = (0..ROWS as u64).map(id).collect::<Result<Vec<_>, _>>()?;
    let codes: Vec<_> = (0..ROWS).map(|_| code(encoding, &mut random)).collect();
    let payloads: Vec<_> = (0..ROWS).map(|_| payload(&mut random)).collect();
    let build = || build(&schema, &ids, &codes, &payloads);

    let blocks = build()?;
    let megabytes = blocks.iter().map(Vec::len).sum::<usize>() as f64 / 1e6;
    let parsed = blocks.iter().map(|b| BlockView::parse(b)).collect::<Result<Vec<_>, _>>()?;
    let centre = vec![0.05f32; DIMENSION];
    let times = [
        fastest(|| drop(black_box(build()))),
        fastest(|| blocks.iter().for_each(|b| drop(black_box(BlockView::parse(b))))),
        fastest(|| blocks.iter().for_each(|b| drop(black_box(check_block(b, &schema, NOW))))),
        fastest(|| parsed.iter().for_each(|b| drop(black_box(b.meta())))),
        fastest(|| {
            parsed.iter().for_each(|b| {
                black_box(radius_bits(b, &centre));
            })
        }),
    ];
    for block in &blocks {
        check_block(block, &schema, NOW)?;
    }
    let [build, parse, check, meta, radius] = times;
    let name = format!("{encoding:?}");
    println!(
        "{name:<8}  {kind:<7}  {:>6}  {megabytes:>4.1}  {build:>5.1}  {parse:>5.3}  {check:>5.1}  {meta:>5.1}  {radius:>6.1}",
        blocks.len()
    );
    Ok(())
}

/// As many blocks as the rows need.
fn build(
    schema: &Schema,
    ids: &[PointId],
    codes: &[Vec<u8>],
    payloads: &[Vec<u8>],
) -> Result<Vec<Vec<u8>>, Box<dyn std::error::Error>> {
    let mut blocks = Vec::new();
    let mut builder = BlockBuilder::new(schema, None);
    for (id, (code, payload)) in ids.iter().zip(codes.iter().zip(payloads)) {
        match builder.push(id, NOW, code, payload) {
            Err(BuildError::Full) => {
                blocks.push(std::mem::replace(&mut builder, BlockBuilder::new(schema, None)).finish()?);
                builder.push(id, NOW, code, payload)?;
            }
            other => other?,
        }
    }
    blocks.push(builder.finish()?);
    Ok(blocks)
}

fn integer(n: u64) -> Result<PointId, rose_forest_rules::Violation> {
    Ok(PointId::Int(n))
}

fn uuid(n: u64) -> Result<PointId, rose_forest_rules::Violation> {
    PointId::text(format!("{:032x}", u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)))
}

fn string(n: u64) -> Result<PointId, rose_forest_rules::Violation> {
    PointId::text(format!("document-{n}/paragraph"))
}

fn code(encoding: Encoding, random: &mut Random) -> Vec<u8> {
    let mut vector: Vec<f64> = (0..DIMENSION).map(|_| random.unit() - 0.5).collect();
    let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    vector.iter_mut().for_each(|x| *x /= length);
    match encoding {
        Encoding::F32 => vector.iter().flat_map(|x| (*x as f32).to_le_bytes()).collect(),
        Encoding::F16 => vector.iter().flat_map(|x| half::f16::from_f64(*x).to_le_bytes()).collect(),
        Encoding::Sq8 | Encoding::Pq | Encoding::Bit1 => {
            let largest = vector.iter().fold(0.0f64, |m, x| m.max(x.abs()));
            let codes: Vec<i8> = vector.iter().map(|x| (x / largest * 127.0).round() as i8).collect();
            let scale = sq8_cosine_scale(codes.iter().copied());
            codes.iter().map(|c| *c as u8).chain(scale.to_le_bytes()).collect()
        }
    }
}

/// An object of about 200 bytes, as a document's metadata looks.
fn payload(random: &mut Random) -> Vec<u8> {
    const WORDS: [&str; 8] = ["rose", "forest", "vector", "cell", "author", "search", "peer", "block"];
    let mut text = String::new();
    while text.len() < 130 {
        let word = WORDS.get(random.next() as usize % WORDS.len()).copied().unwrap_or_default();
        text.push_str(word);
        text.push(' ');
    }
    format!(
        r#"{{"page": {}, "lang": "en", "score": {:.4}, "text": "{text}"}}"#,
        random.next() % 900,
        random.unit()
    )
    .into_bytes()
}

fn fastest(mut work: impl FnMut()) -> f64 {
    (0..PASSES)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e3
        })
        .fold(f64::INFINITY, f64::min)
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}
