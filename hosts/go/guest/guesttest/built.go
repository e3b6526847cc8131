package guesttest

import (
	"os"
	"path/filepath"
	"testing"
)

// BuiltVariable names the folder of the modules that the workspace's own tests build.
const BuiltVariable = "PLUGIN_SDK_GO_GUESTS"

// Built returns a plugin of this repository as a module, and its path. It skips the test if the
// plugins are not built.
func Built(t *testing.T, name string) ([]byte, string) {
	t.Helper()
	folder := os.Getenv(BuiltVariable)
	if folder == "" {
		t.Skipf("not run: %s is not set; `cargo test --workspace --test hosts go` builds the plugins, and runs these tests", BuiltVariable)
	}
	path := filepath.Join(folder, name+".wasm")
	wasm, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return wasm, path
}
