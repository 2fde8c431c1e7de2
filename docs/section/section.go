// Package section keeps parts of the pages in docs true: what a table in the code says is
// written between two comments of a page, and a test compares the two.
package section

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Section is a part of a page that is made of code.
type Section struct {
	// Page is the file, Begin and End the whole lines around the part.
	Page, Begin, End string
	// Update is the command that writes it anew.
	Update string
}

// Check fails the test where the page is not what want says, or, where update is set,
// writes it there.
func (s Section) Check(t *testing.T, want string, update bool) {
	t.Helper()
	text, err := os.ReadFile(s.Page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), s.Begin)
	got, after, ended := strings.Cut(rest, s.End)
	if !found || !ended {
		t.Fatalf("%s has no section between %q and %q", s.Page, s.Begin, s.End)
	}
	if update {
		if err := os.WriteFile(s.Page, []byte(before+s.Begin+want+s.End+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is not what the code says; run %s (-want +got):\n%s", s.Page, s.Update, diff)
	}
}
