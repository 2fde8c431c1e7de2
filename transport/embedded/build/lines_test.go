package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The program fails in a goroutine, below a closure and a method, after it made the
// garbage collector walk stacks whose tables must be whole.
const failing = `package main

import (
	"fmt"
	"runtime"
)

type deep struct{ next *deep }

func (d *deep) grow(n int) *deep {
	if n == 0 {
		runtime.GC()
		return d
	}
	pad := [64]*deep{0: d}
	return (&deep{pad[0]}).grow(n - 1)
}

func main() {
	n := 0
	for d := new(deep).grow(5000); d.next != nil; d = d.next {
		n++
	}
	fmt.Println(n, "deep")
	func() { (*deep)(nil).fail() }()
}

func (d *deep) fail() { d.next = d }
`

func TestAProgramWithoutLinesRunsAndNamesItsFunctions(t *testing.T) {
	content := buildProgram(t, failing)
	short, err := withoutLines(content)
	if err != nil {
		t.Fatal(err)
	}
	if len(short) != len(content) {
		t.Errorf("%d bytes became %d", len(content), len(short))
	}
	before, after := run(t, content), run(t, short)
	if !strings.Contains(before, "main.go:") {
		t.Fatalf("nothing to take away in:\n%s", before)
	}
	want := regexp.MustCompile(`(?m)^\t\S*:\d+`).ReplaceAllString(before, "\t?:0")
	if numbers := regexp.MustCompile(`0x[0-9a-f]{6,}`); numbers.ReplaceAllString(after, "0x") != numbers.ReplaceAllString(want, "0x") {
		t.Errorf("it says\n%s\nwant\n%s", after, want)
	}
	packedBefore, _, err := pack(content)
	if err != nil {
		t.Fatal(err)
	}
	packedAfter, _, err := pack(short)
	if err != nil || len(packedAfter) > len(packedBefore)*93/100 {
		t.Errorf("%d bytes packed became %d (%v)", len(packedBefore), len(packedAfter), err)
	}
}

func TestATableOfAnotherFormIsLeft(t *testing.T) {
	content := buildProgram(t, failing)
	other := strings.Replace(string(content), "\xf1\xff\xff\xff\x00\x00", "\xf0\xff\xff\xff\x00\x00", 1)
	if _, err := withoutLines([]byte(other)); err == nil || !strings.Contains(err.Error(), "begins with f0 ff ff ff") {
		t.Errorf("it says %v", err)
	}
}

func buildProgram(t *testing.T, source string) []byte {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-gcflags=all=-l", "-o", "program", "main.go")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	content, err := os.ReadFile(filepath.Join(dir, "program"))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func run(t *testing.T, program []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(file, program, 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(file).CombinedOutput()
	if err == nil {
		t.Fatalf("it did not fail:\n%s", out)
	}
	return string(out)
}
