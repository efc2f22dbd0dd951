//! The demo, from its beginning to its end, in processes of its own.

use crate::run::Program;

#[test]
fn two_peers_share_and_search_real_data_and_refuse_a_lie() {
    let node = Program::new();
    let output = node.run(&["demo"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let after = |what: &str| {
        let at = text.find(what).unwrap_or_else(|| panic!("`{what}` is not in {text}"));
        text[at + what.len()..].split_whitespace().next().unwrap().trim_end_matches(';').to_owned()
    };
    assert_eq!(after("peer B holds"), "5000");
    for (who, least) in [("the zome", 0.95), ("the index in memory", 0.98)] {
        let recall: f64 = after(&format!("by {who}: recall@10 against exact search")).parse().unwrap();
        assert!(recall >= least, "{who}: {recall}");
    }
    for peer in ["A", "B"] {
        assert!(text.contains(&format!("peer {peer} refused it")), "{text}");
    }
}
