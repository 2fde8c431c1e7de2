//go:build oracle

package variables

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
)

var (
	oracleCases = flag.Int("cases", 2000, "how many templates to make")
	oracleSeed  = flag.Uint64("seed", 1, "what they are made from")
	oracleStore = flag.Bool("store", false, "write those that agree to testdata/differential")
)

// TestDifferentialOracle makes templates and compares with what Debian's Ansible makes of
// them, asked for all at once. Those that agree are stored.
func TestDifferentialOracle(t *testing.T) {
	g := readGrammar(t)
	r := rand.New(rand.NewPCG(*oracleSeed, 0))
	var cases []differentialCase
	for i, seen := 0, map[string]bool{}; i < *oracleCases; i++ {
		c := differentialCase{Kind: "template"}
		switch r.IntN(12) {
		case 0, 1:
			c.Kind, c.Src = "when", g.write(r, "bool", 1+r.IntN(3))
		case 2, 3:
			c.Kind, c.Src = "native", g.write(r, "tmpl", 1+r.IntN(3))
		default:
			c.Src = g.write(r, "tmpl", 1+r.IntN(4))
		}
		if !seen[c.Kind+c.Src] && len(c.Src) < 600 {
			seen[c.Kind+c.Src] = true
			cases = append(cases, c)
		}
	}
	answered := append(ask(t, cases, false), ask(t, cases, true)...)
	same := agreeing(t, answered)
	if *oracleStore {
		store(t, same, "testdata/differential/cases.jsonl")
	}
}

// TestAskedOracle asks about asked.txt; what is wrong there is an error. The collections
// that it names have to be where ANSIBLE_COLLECTIONS_PATH says.
func TestAskedOracle(t *testing.T) {
	src, err := os.ReadFile("testdata/differential/asked.txt")
	if err != nil {
		t.Fatal(err)
	}
	var cases []differentialCase
	for line := range strings.Lines(string(src)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && !strings.HasPrefix(line, "#") {
			cases = append(cases, differentialCase{Kind: "template", Src: strings.ReplaceAll(line, "⏎", "\n")})
		}
	}
	same := agreeing(t, ask(t, cases, false))
	if *oracleStore {
		store(t, same, "testdata/differential/asked.jsonl")
	}
}

// agreeing gives the cases in which gdeploy does what Ansible does.
func agreeing(t *testing.T, answered []differentialCase) []differentialCase {
	play := differentialPlay(t)
	var same []differentialCase
	for _, c := range answered {
		diff := c.compare(play)
		if diff == "" {
			same = append(same, c)
			continue
		}
		t.Logf("%s: %s\n%s", c.Kind, c.Src, diff)
	}
	different := len(answered) - len(same)
	t.Logf("%d of %d differ", different, len(answered))
	if different*maxDifferent > len(answered) {
		t.Errorf("more than one in %d differ", maxDifferent)
	}
	return same
}

// maxDifferent is the share of templates, one in so many, that may differ: Ansible shows
// the insides of Python's objects, and fails in ways that nobody wants.
const maxDifferent = 150

// ask gives the cases with Ansible's answers, those that it answers.
func ask(t *testing.T, cases []differentialCase, native bool) []differentialCase {
	t.Helper()
	var in, out bytes.Buffer
	var asked []differentialCase
	for _, c := range cases {
		if (c.Kind == "native") == native {
			asked = append(asked, c)
			line, _ := json.Marshal(c)
			fmt.Fprintf(&in, "%s\n", line)
		}
	}
	args := []string{"testdata/differential/oracle.py", "testdata/differential/vars.yml"}
	if native {
		args = append(args, "--native")
	}
	cmd := exec.Command("/usr/bin/python3", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	var answered []differentialCase
	for i, line := range bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n")) {
		c := asked[i]
		if string(line) == "null" {
			continue
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		answered = append(answered, c)
	}
	return answered
}

func store(t *testing.T, cases []differentialCase, name string) {
	t.Helper()
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	for _, c := range cases {
		if err := encoder.Encode(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
