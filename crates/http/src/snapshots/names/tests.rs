use super::*;

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in ["c-2026-11-21-22-30-00.snapshot", "A_b.c.snapshot", "x.snapshot"] {
        check(name).unwrap();
    }
    let long = format!("{}.snapshot", "x".repeat(MAX_NAME_BYTES));
    for name in [
        "",
        ".snapshot",
        "..",
        "../x.snapshot",
        "/x.snapshot",
        "a/b.snapshot",
        "a\\b.snapshot",
        ".x.snapshot",
        "x.snapshot.sha256",
        "x",
        "x.snapshot\0",
        "a b.snapshot",
        "%2e%2e.snapshot",
        "é.snapshot",
        &long,
    ] {
        assert!(matches!(check(name), Err(SnapshotError::Name { .. })), "{name}");
    }
}

#[test]
fn every_collection_has_a_folder_of_its_own_that_is_one_plain_name() {
    let long = "x".repeat(128);
    let longer = "é".repeat(128);
    let names = ["c", "C", "a/b", "a%2fb", "..", ".", "", "a b", "%%", &long, &longer, "é"];
    let folders: std::collections::BTreeSet<_> =
        names.iter().map(|name| folder_of(name).to_lowercase()).collect();
    assert_eq!(folders.len(), names.len());
    for folder in &folders {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"%-_".contains(&byte);
        assert!(folder.bytes().all(is_plain) && folder.len() <= 200, "{folder}");
    }
    assert_eq!(folder_of("my_docs-2"), "my_docs-2");
    assert_eq!(folder_of(".."), "%2e%2e");
}

#[test]
fn times_are_written_as_the_calendar_has_them() {
    assert_eq!(time(at(0)), "1970-01-01T00:00:00");
    assert_eq!(time(at(951_782_399)), "2000-02-28T23:59:59");
    assert_eq!(time(at(951_782_400)), "2000-02-29T00:00:00");
    assert_eq!(time(at(1_795_300_245)), "2026-11-21T22:30:45");
    assert_eq!(time(at(4_107_542_400)), "2100-03-01T00:00:00");
    assert_eq!(time(at(13_601_088_000)), "2401-01-01T00:00:00");
    assert_eq!(time(UNIX_EPOCH - Duration::from_secs(5)), "1970-01-01T00:00:00");
}

#[test]
fn new_names_are_names_of_snapshots() {
    assert_eq!(new_name("a b", at(0), 0), "a-b-1970-01-01-00-00-00.snapshot");
    assert_eq!(new_name("../é", at(0), 2), "collection-1970-01-01-00-00-00-2.snapshot");
    for collection in ["c", "..", "é", "", &"x".repeat(128)] {
        check(&new_name(collection, at(1 << 33), 1000)).unwrap();
    }
}

#[test]
fn a_location_is_a_file_of_the_folder_or_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("snap shots");
    std::fs::create_dir_all(folder.join("c")).unwrap();
    let good = folder.join("c/good.snapshot");
    let outside = dir.path().join("outside.snapshot");
    for file in [&good, &outside, &folder.join("c/good.txt")] {
        std::fs::write(file, "x").unwrap();
    }
    std::fs::create_dir(folder.join("dir.snapshot")).unwrap();
    let root = folder.to_str().unwrap();
    let expected = good.canonicalize().unwrap();
    for location in [
        format!("file://{root}/c/good.snapshot"),
        format!("file://localhost{}/c/go%6Fd.snapshot", root.replace(' ', "%20")),
        format!("file://{root}/c/../c/good.snapshot"),
    ] {
        assert_eq!(located(&folder, &location).unwrap(), expected, "{location}");
    }
    for location in [
        format!("file://{root}/../outside.snapshot"),
        format!("file://{root}/%2e%2e/outside.snapshot"),
        format!("file://{}", outside.display()),
        format!("file://{root}/c/none.snapshot"),
        format!("file://{root}/c/good.txt"),
        format!("file://{root}/dir.snapshot"),
        format!("file://{root}/c/good.snapshot%00"),
        format!("file://{root}/c/good.snapshot%4"),
        format!("file://elsewhere{root}/c/good.snapshot"),
        format!("{root}/c/good.snapshot"),
        "file://".to_owned(),
        "file://good.snapshot".to_owned(),
        String::new(),
    ] {
        assert!(matches!(located(&folder, &location), Err(SnapshotError::Location { .. })), "{location}");
    }
    for location in ["http://example.org/x.snapshot", "HTTPS://example.org/x.snapshot"] {
        assert!(matches!(located(&folder, location), Err(SnapshotError::Remote)), "{location}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_out_of_the_folder_is_no_snapshot() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("in");
    std::fs::create_dir(&folder).unwrap();
    let outside = dir.path().join("secret.snapshot");
    std::fs::write(&outside, "x").unwrap();
    std::os::unix::fs::symlink(&outside, folder.join("link.snapshot")).unwrap();
    let location = format!("file://{}/link.snapshot", folder.display());
    assert!(matches!(located(&folder, &location), Err(SnapshotError::Location { .. })));
}
