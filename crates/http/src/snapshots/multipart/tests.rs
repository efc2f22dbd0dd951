use super::*;
use proptest::prelude::*;

/// Takes a form apart that comes in pieces of these lengths, over and over.
fn taken(form: &[u8], pieces: &[usize]) -> Result<Vec<u8>, MultipartError> {
    let mut multipart = Multipart::new("b0und", "snapshot");
    let (mut out, mut rest, mut lengths) = (Vec::new(), form, pieces.iter().cycle());
    while !rest.is_empty() {
        let (piece, next) = rest.split_at(lengths.next().copied().unwrap_or(1).clamp(1, rest.len()));
        multipart.push(piece, &mut out)?;
        rest = next;
    }
    multipart.finish()?;
    Ok(out)
}

fn field(name: &str, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "--b0und\r\nContent-Type: application/octet-stream\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"x\"\r\n\r\n"
    );
    [head.as_bytes(), content, b"\r\n"].concat()
}

#[test]
fn the_field_is_found_among_others_however_the_form_is_cut() {
    let content = b"\r\n--b0un\r\n--b0u\r\r\n--b\0\xff\r\n";
    let form = [
        b"a preamble\r\n".to_vec(),
        field("other", b"not this"),
        field("snapshot", content),
        field("snapshots", b""),
        b"--b0und--\r\nan epilogue --b0und".to_vec(),
    ]
    .concat();
    for length in 1..form.len() {
        assert_eq!(taken(&form, &[length]).as_deref(), Ok(content.as_slice()), "pieces of {length}");
    }
}

#[test]
fn forms_as_clients_write_them() {
    for form in [
        // Without a preamble, names without quotes, headers in small letters, spaces behind a boundary.
        "--b0und\r\ncontent-disposition: form-data; name=snapshot\r\n\r\nabc\r\n--b0und--",
        "--b0und \t\r\nContent-Disposition:form-data; filename=\"a;name=\"; name=\"snapshot\"\r\n\r\nabc\r\n--b0und--\r\n",
        "\r\n--b0und\r\nX: y\r\nCONTENT-DISPOSITION: Form-Data; Name=\"snapshot\"\r\n\r\nabc\r\n--b0und--",
        "--b0und\r\n\r\nno headers\r\n--b0und\r\nContent-Disposition: form-data; name=\"snapshot\"\r\n\r\nabc\r\n--b0und--",
    ] {
        assert_eq!(taken(form.as_bytes(), &[7]).as_deref(), Ok(b"abc".as_slice()), "{form}");
    }
    let mut latin =
        b"--b0und\r\nContent-Disposition: form-data; filename=\"\xe9\"; name=\"snapshot\"\r\n\r\n".to_vec();
    latin.extend(b"abc\r\n--b0und--");
    assert_eq!(taken(&latin, &[1]).as_deref(), Ok(b"abc".as_slice()));
}

#[test]
fn what_is_wrong_with_a_form_is_told() {
    let fields = |received| MultipartError::Fields { expected: "snapshot", received };
    let end = b"--b0und--".to_vec();
    let two = [field("snapshot", b"a"), field("snapshot", b"b"), end.clone()].concat();
    let headers = [b"--b0und\r\n".to_vec(), vec![b'x'; MAX_HEADER_BYTES + 1]].concat();
    for (form, error) in [
        (Vec::new(), MultipartError::CutOff),
        (field("snapshot", b"a"), MultipartError::CutOff),
        (b"no form".to_vec(), MultipartError::CutOff),
        (end.clone(), fields(0)),
        ([field("other", b"a"), end].concat(), fields(0)),
        (two, fields(2)),
        (b"--b0und!\r\n".to_vec(), MultipartError::Boundary),
        (headers, MultipartError::Headers { max: MAX_HEADER_BYTES }),
    ] {
        for length in [1, 1 << 20] {
            assert_eq!(taken(&form, &[length]), Err(error.clone()));
        }
    }
}

#[test]
fn the_boundary_is_read_from_the_content_type() {
    assert_eq!(boundary("multipart/form-data; boundary=abc"), Ok("abc"));
    assert_eq!(boundary("Multipart/Form-Data;charset=utf-8; Boundary=\"a b;c\""), Ok("a b;c"));
    let long = format!("multipart/form-data; boundary={}", "x".repeat(71));
    for wrong in [
        "",
        "application/json",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/mixed; boundary=a",
        "multipart/form-data; boundary=\"a",
        "multipart/form-data; boundary=é",
        &long,
    ] {
        assert_eq!(
            boundary(wrong),
            Err(MultipartError::ContentType { received: wrong.to_owned() }),
            "{wrong}"
        );
    }
}

proptest! {
    #[test]
    fn any_content_comes_out_as_it_went_in(
        // Made of what delimiters are made of, so that many nearly are there.
        parts in prop::collection::vec(
            prop::sample::select(vec!["\r", "\n", "-", "--", "b0und", "\r\n--b0un", "x", "\0"]), 0..40,
        ),
        pieces in prop::collection::vec(1usize..50, 1..10),
    ) {
        let content = parts.concat();
        prop_assume!(!content.contains("\r\n--b0und") && !content.starts_with("--b0und"));
        let form = [field("snapshot", content.as_bytes()), b"--b0und--".to_vec()].concat();
        prop_assert_eq!(taken(&form, &pieces), Ok(content.into_bytes()));
    }

    #[test]
    fn no_bytes_make_it_panic_and_nothing_but_a_little_is_kept(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        pieces in prop::collection::vec(1usize..50, 1..5),
    ) {
        let _ = taken(&bytes, &pieces);
        let _ = taken(&[b"--b0und\r\n".to_vec(), bytes.clone()].concat(), &pieces);
        let _ = boundary(&String::from_utf8_lossy(&bytes));
        let mut multipart = Multipart::new("b0und", "snapshot");
        for _ in 0..20 {
            multipart.push(&field("other", &bytes), &mut Vec::new()).unwrap();
            prop_assert!(multipart.buffer.len() <= multipart.delimiter.len());
        }
    }
}
