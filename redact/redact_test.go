package redact_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gdeploy/gdeploy/redact"
	"github.com/gdeploy/gdeploy/values"
)

func TestText(t *testing.T) {
	s := redact.New()
	s.Add("hunter2")
	s.Add("hunter2-and-more")
	s.Add("abc")
	s.Add("line one is long\nline two is long\n")
	s.Add(`qu"o'te\d`)
	s.Add("two\nlines")
	for in, want := range map[string]string{
		"":                      "",
		"no secret":             "no secret",
		"xhunter2x":             "x********x",
		"a hunter2-and-more":    "a ********",
		"abc":                   "********",
		"abcd":                  "abcd",
		"line two is long":      "********",
		"hunter2hunter2 hunter": "**************** hunter",
		// as parts of printed lists and of JSON
		values.Repr(values.Strings(`qu"o'te\d`, "two\nlines")):         "['********', '********']",
		string(values.JSON(values.Strings(`qu"o'te\d`, "two\nlines"))): `["********","********"]`,
	} {
		if got := s.Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestValue(t *testing.T) {
	s := redact.New()
	s.Add("hunter2")
	s.Add("12345")
	in := values.MapOf(
		"password is hunter2", values.String("so: hunter2"),
		"list", values.ListOf(values.String("hunter2"), values.Int(12345), values.Int(7)),
		"marked", values.String("of a vault").MarkSecret(),
		"short", values.Bool(true),
		"unsafe", values.ListOf(values.Int(1).MarkUnsafe(), values.Float(2).MarkUnsafe(), values.Null.MarkUnsafe(), values.String("x").MarkUnsafe()),
	)
	encoded, err := values.Encode(s.Value(in))
	if err != nil {
		t.Fatal(err)
	}
	got := string(encoded)
	want := `{"password is ********":"so: ********","list":["********","********",7],"marked":"********","short":true,"unsafe":[1,2.0,null,"x"]}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Wherever the writes are cut, no secret comes through, and nothing else is lost.
func TestWriterAcrossChunks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := redact.New()
		secrets := rapid.SliceOfN(rapid.StringMatching(`[ab]{4,7}`), 1, 3).Draw(t, "secrets")
		for _, secret := range secrets {
			s.Add(secret)
		}
		text := strings.Join(rapid.SliceOfN(rapid.StringMatching(`[abc]{1,9}`), 1, 8).Draw(t, "text"), "")
		var out strings.Builder
		w := s.Writer(&out)
		for rest := text; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "chunk")
			w.Write([]byte(rest[:n]))
			rest = rest[n:]
		}
		w.Close()
		for _, secret := range secrets {
			if strings.Contains(out.String(), secret) {
				t.Fatalf("%q came through: %q", secret, out.String())
			}
		}
		if strings.Count(out.String(), "c") != strings.Count(text, "c") {
			t.Fatalf("lost something: %q of %q", out.String(), text)
		}
	})
}
