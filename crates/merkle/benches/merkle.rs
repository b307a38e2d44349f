//! What a log spends on arithmetic for each entry.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use sigstead_merkle::{Frontier, Growth, Hash, inclusion_plan, leaf_hash};

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

fn grown(count: u64) -> Frontier {
    let mut frontier = Frontier::new();
    leaves(count).into_iter().for_each(|leaf| frontier.push(leaf));
    frontier
}

fn merkle(criterion: &mut Criterion) {
    let batch = leaves(512);
    let before = grown(100_003);
    criterion.bench_function("push 512 leaves", |bencher| {
        bencher.iter(|| {
            let mut frontier = before.clone();
            batch.iter().for_each(|leaf| frontier.push(*leaf));
            frontier.root()
        });
    });
    criterion.bench_function("grow by 512 leaves and prove each", |bencher| {
        bencher.iter(|| {
            let growth = Growth::new(&before, &batch);
            (before.size()..growth.after().size()).filter_map(|index| growth.inclusion(index)).count()
        });
    });
    criterion.bench_function("plan a proof among 2^40 leaves", |bencher| {
        bencher.iter(|| inclusion_plan(black_box(123_456_789_012), black_box(1 << 40)));
    });
}

criterion_group!(benches, merkle);
criterion_main!(benches);
