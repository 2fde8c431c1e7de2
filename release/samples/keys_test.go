package samples_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/release/samples"
)

func TestKeys(t *testing.T) {
	for _, c := range []struct{ name, content, want string }{
		{"app.conf", "# a comment\nport = 8080\n[db]\nurl=x\n  pool : 3\n; off\n", "port db.url db.pool"},
		{"app.properties", "a.b=1\nc: 2\n! no\nlong=one \\\n  two=2\n", "a.b c long"},
		{".env", "export TOKEN=x\nURL=y=z\n#Z=1\n", "TOKEN URL"},
		{"a.yml", "db:\n  url: x\n  hosts: [{name: a}]\nport: 1\n", "db db.url db.hosts port"},
		{"a.json", `{"db": {"url": 1}}`, "db db.url"},
		{"config", `{"a": 1}`, "a"},
		{"nginx.conf", "worker_processes 4;\nkey\n", "worker_processes key"},
	} {
		got, err := samples.Keys(c.name, []byte(c.content))
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s: the keys are %v (%v), want %s", c.name, got, err, c.want)
		}
	}
}

func TestMissing(t *testing.T) {
	config := []samples.File{{Name: "app.conf", Content: []byte("a=1\n")}, {Name: "other.env", Content: []byte("b=1\n")}}
	for _, c := range []struct {
		sample, is, content string
		want                []string
	}{
		{"config.sample", "", "a=\nb=\n", nil},
		{"config.sample", "", "a=\nc=\n", []string{"config.sample has the key c, and app.conf, other.env has not"}},
		{"config.sample", "app.conf", "a=\nb=\n", []string{"config.sample has the key b, and app.conf has not"}},
		{"app.sample.conf", "", "a=\nb=\n", []string{"app.sample.conf has the key b, and app.conf has not"}},
		{"config.sample", "x.conf", "a=\n", []string{"config.sample stands for x.conf, which neither the configuration nor the code has"}},
	} {
		got, err := samples.Missing(samples.File{Name: c.sample, Content: []byte(c.content)}, c.is, config)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q (%v), want %q", c.sample, got, err, c.want)
		}
	}
}
