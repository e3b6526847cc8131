//! The global allocators that a plugin can choose, under the load that reveals leaks.
//! `docs/allocators.md` has the figures.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use plugin_sdk_tests::{Build, Habit, Host, Job, Refused};

fn with(feature: &str) -> Build {
    Build::of("contract").feature(feature)
}

/// A byte lost in each call would be another page. `leaks.rs` has the same test, of a million calls,
/// for the SDK's own allocator.
#[test]
fn talc_leaks_nothing() {
    let module = with("talc").module();
    std::thread::scope(|scope| {
        for habit in Habit::ALL {
            let module = &module;
            scope.spawn(move || {
                let mut job = Job::new(module, habit);
                let after_a_thousand = job.run_to(1_000).unwrap();
                assert_eq!(job.run_to(100_000), Ok(after_a_thousand), "{habit:?}");
            });
        }
    });
}

/// RUSTSEC-2022-0054. If this test fails, the criticism of wee_alloc in `docs/allocators.md` is
/// wrong.
#[test]
fn wee_alloc_grows_endlessly() {
    let mut job = Job::new(&with("wee_alloc").module(), Habit::OneBuffer);
    let sizes = [1_000, 10_000, 100_000].map(|calls| job.run_to(calls).unwrap());
    assert!(
        sizes.is_sorted_by(|before, after| before < after),
        "{sizes:?}"
    );
    assert!(sizes[2] > 2 * sizes[0], "{sizes:?}");
}

/// It requests as many pages as the block fills, and then finds that the block, which must be
/// aligned to 16 bytes, does not fit. If this test fails, the criticism of wee_alloc in
/// `docs/allocators.md` is wrong.
#[test]
fn wee_alloc_refuses_blocks_that_just_fill_its_pages() {
    const PAGE: u32 = 64 * 1024;
    let mut host = Host::new(&with("wee_alloc").module());
    for pages in [1, 2, 16] {
        let before = host.pages();
        assert_eq!(host.alloc(pages * PAGE - 1024), 0);
        assert!(
            host.pages() >= before + u64::from(pages),
            "the memory is there, and is refused"
        );
    }
    assert_ne!(host.alloc(4 * PAGE - 4096), 0);
    assert_ne!(host.alloc(4 * PAGE), 0);

    // So a host that allocates for each call fails sooner or later.
    let mut job = Job::new(
        &with("wee_alloc").module(),
        Habit::FreesResultsThenArguments,
    );
    let stopped = job.run_to(1_000_000).unwrap_err();
    assert!(stopped.why.starts_with("no memory for"), "{stopped:?}");
}

#[test]
fn both_allocators_at_once_are_refused_with_one_message() {
    let Err(Refused(why)) = with("talc").feature("wee_alloc").wasm() else {
        panic!("two global allocators were linked");
    };
    assert!(why.contains("turn one of them off"), "{why}");
    assert_eq!(
        why.matches("error: ").count(),
        2,
        "the one and cargo's own: {why}"
    );
}
