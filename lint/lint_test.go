package lint

import (
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/values"
)

// TestEnd: the end is behind the word, or the quoted text, that begins at the place.
func TestEnd(t *testing.T) {
	for line, want := range map[string]int{
		"  tsks: []":       7,
		"  'a b': 1":       8,
		`  "open`:          8,
		"  x":              4,
		"  [a, b]":         5,
		"  ä: 1":           4,
		"  {mesage: x}   ": 10,
		"":                 4,
	} {
		f := Findings{Read: func(string) ([]byte, error) { return []byte(line + "\n"), nil }}
		f.Add(values.Position{File: "x.yml", Line: 1, Col: 3}, Refused, Error, "wrong", "")
		if got := f.All()[0].End; got.Line != 1 || got.Col != want {
			t.Errorf("%q: got %v, want column %d", line, got, want)
		}
	}
}

// TestOnce: the first finding of a place and message counts; the order is that of files.
func TestOnce(t *testing.T) {
	f := Findings{}
	at := values.Position{File: "b.yml", Line: 2, Col: 1}
	f.Add(at, Late, Warning, "wrong", "hint")
	f.Add(at, Doubtful, Warning, "wrong", "")
	f.Add(values.Position{File: "a.yml", Line: 9, Col: 1}, Refused, Error, "also", "")
	all := f.All()
	if len(all) != 2 || all[0].File != "a.yml" || all[1].Rule != Late || f.Count(Error) != 1 || f.Count(Warning) != 1 {
		t.Errorf("got %+v", all)
	}
	var out strings.Builder
	if err := WriteText(&out, all); err != nil || !strings.Contains(out.String(), "b.yml:2:1: warning: wrong [fails-when-it-runs]\n    hint\n") {
		t.Error(out.String(), err)
	}
	out.Reset()
	if err := WriteJSON(&out, nil); err != nil || out.String() != "[]\n" {
		t.Error(out.String(), err)
	}
}
