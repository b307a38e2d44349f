//! The CA's audit trail: found by what operators know, page by page, and never changed.

use crate::{
    Database, Intent, Issuance, IssuanceOutcome, IssuanceQuery, IssuanceState, RecordedIssuance, SanPattern,
};

/// Number `n`, three a millisecond, of one of three issuers, for one of five names.
fn intent(n: u8) -> Intent {
    Intent {
        serial: vec![n.reverse_bits(), 7],
        at_ms: 1000 + u64::from(n / 3),
        issuer: format!("https://issuer-{}.example", n % 3),
        subject: format!("sub {n}"),
        san: ["a@b.c", "a@b.cd", "a@B.c", "https://é.example/%_", "z"][usize::from(n % 5)].into(),
        claims: format!("{{\"sub\":\"sub {n}\"}}"),
        key_fingerprint: [n; 32],
        not_before: 1,
        not_after: 2,
    }
}

/// Every fourth fails, every fifth is denied, every seventh has no outcome.
fn issuance(n: u8) -> Option<Issuance> {
    let outcome = match n {
        n if n.is_multiple_of(7) => return None,
        n if n.is_multiple_of(4) => IssuanceOutcome::Failed(format!("why {n}")),
        n if n.is_multiple_of(5) => IssuanceOutcome::Denied(format!("rule {n}")),
        n => IssuanceOutcome::Issued { certificate: vec![n; 3], scts: vec![n; 2] },
    };
    Some(Issuance { serial: intent(n).serial, at_ms: 5000, outcome })
}

async fn fill(database: &Database, numbers: std::ops::Range<u8>) {
    let intents: Vec<_> = numbers.clone().map(intent).collect();
    database.record_issuances(&intents.iter().collect::<Vec<_>>(), &[]).await.unwrap();
    let issuances: Vec<_> = numbers.filter_map(issuance).collect();
    database.record_issuances(&[], &issuances.iter().collect::<Vec<_>>()).await.unwrap();
}

/// What a query must find, worked out without a database.
fn expected(wanted: impl Fn(&RecordedIssuance) -> bool) -> Vec<RecordedIssuance> {
    let all = (0..60).map(|n| RecordedIssuance { intent: intent(n), issuance: issuance(n) });
    let mut found: Vec<_> = all.filter(wanted).collect();
    found.sort_by_key(|line| std::cmp::Reverse((line.intent.at_ms, line.intent.serial.clone())));
    found
}

pub(super) async fn issuances_are_found(database: &Database) {
    database.migrate().await.unwrap();
    fill(database, 0..60).await;
    let everything = IssuanceQuery::default;
    let find = async |query: IssuanceQuery| database.issuances(&query, 100).await.unwrap();
    assert_eq!(find(everything()).await, expected(|_| true));
    let serial = Some(intent(9).serial);
    assert_eq!(
        find(IssuanceQuery { serial, ..everything() }).await,
        expected(|line| line.intent == intent(9))
    );
    for (pattern, sans) in [
        (SanPattern::Exact("a@b.c".into()), vec!["a@b.c"]),
        (SanPattern::Prefix("a@b.c".into()), vec!["a@b.c", "a@b.cd"]),
        (SanPattern::Prefix("https://é".into()), vec!["https://é.example/%_"]),
        (SanPattern::Prefix("%".into()), vec![]),
    ] {
        let query = IssuanceQuery { san: Some(pattern.clone()), ..everything() };
        let wanted = expected(|line| sans.contains(&&*line.intent.san));
        assert_eq!(find(query).await, wanted, "{pattern:?}");
    }
    let issuer = intent(1).issuer;
    let query = IssuanceQuery { issuer: Some(issuer.clone()), time: 1003..1005, ..everything() };
    let wanted = expected(|line| line.intent.issuer == issuer && (1003..1005).contains(&line.intent.at_ms));
    assert_eq!((find(query).await, wanted.len()), (wanted, 2));
    for (state, is_it) in [
        (IssuanceState::Open, (|outcome| outcome.is_none()) as fn(Option<&IssuanceOutcome>) -> bool),
        (IssuanceState::Failed, |outcome| matches!(outcome, Some(IssuanceOutcome::Failed(_)))),
        (IssuanceState::Denied, |outcome| matches!(outcome, Some(IssuanceOutcome::Denied(_)))),
        (IssuanceState::Issued, |outcome| matches!(outcome, Some(IssuanceOutcome::Issued { .. }))),
    ] {
        let found = find(IssuanceQuery { state: Some(state), ..everything() }).await;
        assert_eq!(found, expected(|line| is_it(line.issuance.as_ref().map(|it| &it.outcome))), "{state:?}");
    }
}

pub(super) async fn pages_are_stable(database: &Database) {
    database.migrate().await.unwrap();
    fill(database, 0..60).await;
    let mut query = IssuanceQuery::default();
    let mut pages = Vec::new();
    for newer in 60.. {
        let page = database.issuances(&query, 7).await.unwrap();
        let Some(last) = page.last() else { break };
        query.after = Some((last.intent.at_ms, last.intent.serial.clone()));
        pages.extend(page);
        // What is added meanwhile stands before the first page.
        fill(database, newer..newer + 1).await;
    }
    assert_eq!(pages, expected(|_| true));
}

pub(super) async fn the_trail_is_only_added_to(database: &Database) {
    database.migrate().await.unwrap();
    fill(database, 0..3).await;
    let before = database.issuances(&IssuanceQuery::default(), 100).await.unwrap();
    let mut attempts = vec![
        "UPDATE issuance_intents SET san = 'mallory'",
        "DELETE FROM issuance_intents",
        "UPDATE issuance_outcomes SET outcome = 'failed'",
        "DELETE FROM issuance_outcomes",
    ];
    match database {
        Database::Postgres(_) => attempts.extend([
            "TRUNCATE issuance_intents",
            "TRUNCATE issuance_outcomes",
            "INSERT INTO issuance_outcomes SELECT * FROM issuance_outcomes ON CONFLICT (serial) DO UPDATE SET at_ms = 1",
        ]),
        Database::Sqlite(_) => attempts.extend([
            "INSERT OR REPLACE INTO issuance_intents SELECT * FROM issuance_intents",
            "INSERT OR REPLACE INTO issuance_outcomes SELECT * FROM issuance_outcomes",
            "INSERT OR REPLACE INTO issuance_outcomes (rowid, serial, at_ms, outcome, certificate) VALUES (1, x'99', 1, 'issued', x'')",
        ]),
    }
    for statement in attempts {
        let refusal = attempt(database, statement).await.unwrap_err().to_string();
        assert!(refusal.contains("the audit trail is only added to"), "{statement}: {refusal}");
        assert_eq!(database.issuances(&IssuanceQuery::default(), 100).await.unwrap(), before, "{statement}");
    }
}

async fn attempt(database: &Database, statement: &'static str) -> Result<(), sqlx::Error> {
    match database {
        Database::Postgres(postgres) => sqlx::query(statement).execute(postgres.write_pool()).await.map(drop),
        Database::Sqlite(sqlite) => sqlx::query(statement).execute(sqlite.write_pool()).await.map(drop),
    }
}
