//! The C++ registration of a module's imports in WasmEdge. It is compiled against a stub of the
//! API's declarations, since no package has the real ones.

use super::support::Folder;
use super::{run, sources, zig};

/// Returns a folder with a module that imports some functions.
fn importing(imports: &str) -> Folder {
    let wasm = wat::parse_str(format!("(module {imports})")).unwrap();
    Folder::new().with("plugin.wasm", wasm)
}

#[test]
fn the_registration_compiles_with_an_authors_functions() {
    let folder = importing(
        r#"(import "redis" "redis_get" (func (param i32 i32 i32 i32) (result i32)))
        (import "my_plugin" "reverse_string" (func (param i32 i32)))
        (import "my_plugin" "mix" (func (param i64 f32 f64) (result f64)))
        (import "plugin_host" "log_max_level" (func (result i32)))"#,
    );
    let arguments = [
        "header",
        "--lang",
        "cpp",
        "--host-functions",
        "plugin.wasm",
        "-o",
        "cpp",
    ];
    let said = folder.run(&arguments).good();
    assert!(said.contains("registration.cpp"), "{said}");
    let registration = String::from_utf8(folder.read("cpp/registration.cpp")).unwrap();
    assert!(
        !registration.contains("log_max_level"),
        "the SDK's host has it"
    );
    assert!(
        registration.contains("2, 0, modules, nullptr"),
        "{registration}"
    );
    let cmake = String::from_utf8(folder.read("cpp/CMakeLists.txt")).unwrap();
    assert!(
        cmake.contains("registration.cpp implementation.cpp"),
        "{cmake}"
    );

    let stub = sources().join("wasmedge");
    let implementation = std::fs::read(stub.join("implementation.cpp")).unwrap();
    folder.write("cpp/implementation.cpp", implementation);
    for source in ["registration.cpp", "implementation.cpp"] {
        run(zig("c++")
            .current_dir(folder.path().join("cpp"))
            .args(["-std=c++17", "-Wpedantic", "-c", "-I"])
            .arg(&stub)
            .args([source, "-o", "out.o"]));
    }
}

#[test]
fn imports_that_cannot_be_registered_are_refused() {
    for (imports, why) in [
        ("", "imports no functions of other modules"),
        (
            r#"(import "my-plugin" "f" (func))"#,
            "`my-plugin.f` cannot be a function in C++",
        ),
        (
            r#"(import "m" "f" (func (result i32 i32)))"#,
            "`m.f` cannot be",
        ),
    ] {
        let arguments = [
            "header",
            "--lang",
            "cpp",
            "--host-functions",
            "plugin.wasm",
            "-o",
            "cpp",
        ];
        let refused = importing(imports).run(&arguments).bad(3);
        assert!(refused.contains(why), "{refused}");
    }
    let folder = importing("");
    folder.run(&["header", "--lang", "cpp"]).bad(2);
    folder
        .run(&["header", "--host-functions", "plugin.wasm"])
        .bad(2);
}
