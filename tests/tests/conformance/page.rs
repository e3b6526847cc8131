//! The page with the table.

use std::fmt::Write as _;

use crate::Cell;
use crate::behaviours::BEHAVIOURS;
use crate::rules::RULES;

/// A column of the table.
pub struct Column {
    pub name: String,
    /// The cells, in the order of the behaviours.
    pub cells: Vec<Cell>,
}

/// Returns the page.
pub fn page(columns: &[Column]) -> String {
    let mut page = String::from(
        "# Conformance\n\
        \n\
        The same plugin (`tests/guests/conformance`) does everything that a plugin can do on each host, as\n\
        the harness emulates it. The columns marked *real* are the hosts in Go (`hosts/go`), which run the\n\
        plugin in wazero; where one disagrees with its emulator, the emulator is wrong. The test\n\
        `conformance` generates this page from the results.\n\
        \n\
        * **passed**: the behaviour is the same as on the host of the SDK's own ABI;\n\
        * **unsupported**: the host lacks the service, and the plugin gets an error of that code;\n\
        * **a number**: the behaviour does not apply to the host, for the reason below the table.\n\
        \n",
    );
    let names = columns.iter().map(|column| column.name.as_str());
    writeln!(page, "| | {} |", names.collect::<Vec<_>>().join(" | ")).unwrap();
    writeln!(page, "|---|{}", "---|".repeat(columns.len())).unwrap();
    let mut reasons: Vec<usize> = Vec::new();
    for (nth, behaviour) in BEHAVIOURS.iter().enumerate() {
        let cells = columns.iter().map(|column| match &column.cells[nth] {
            Cell::Passed => "passed".to_owned(),
            Cell::Unsupported => "unsupported".to_owned(),
            Cell::Failed(_) => "FAILED".to_owned(),
            Cell::NotApplicable(rule) => {
                let known = reasons.iter().position(|reason| reason == rule);
                let number = known.unwrap_or_else(|| {
                    reasons.push(*rule);
                    reasons.len() - 1
                });
                (number + 1).to_string()
            }
        });
        writeln!(
            page,
            "| {} | {} |",
            behaviour.name,
            cells.collect::<Vec<_>>().join(" | ")
        )
        .unwrap();
    }
    let counts = columns.iter().map(|column| {
        let count =
            |counted: fn(&Cell) -> bool| column.cells.iter().filter(|cell| counted(cell)).count();
        let passed = count(|cell| matches!(cell, Cell::Passed | Cell::Unsupported));
        let applicable = count(|cell| !matches!(cell, Cell::NotApplicable(_)));
        format!("{passed} of {applicable}")
    });
    writeln!(
        page,
        "| **correct, of those that apply** | {} |\n",
        counts.collect::<Vec<_>>().join(" | ")
    )
    .unwrap();
    for (nth, rule) in reasons.iter().enumerate() {
        writeln!(page, "{}. {}.", nth + 1, RULES[*rule].why).unwrap();
    }
    page
}
