//go:build lab

package endtoend

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// write writes a file for a test and gives its path.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMistakesInAPlaybookAreNamedAllAtOnceBeforeAHostIsTouched(t *testing.T) {
	labUp(t)
	book := write(t, "site.yml", `---
- hosts: web
  gather_facts: false
  tasks:
    - command: touch /root/touched
    - name: Two
      command: 'true'
      wehn: true
    - name: Three
      flie: {path: /x, state: absent}
    - name: Four
      file: {path: /x, sate: absent}
`)
	gdeploy(t, "play", book, limit(few)).exits(t, 4).
		says(t, book+":8:7", "wehn", `"when"`, book+":10:7", "flie", `"file"`, book+":12:24", "sate", `"state"`).saysNot(t, "PLAY [")
	if _, err := os.Stat(hostFile("n1", "/root/touched")); err == nil {
		t.Error("a host was touched")
	}
}

func TestWhatDoesNotParseIsShownWithItsPlace(t *testing.T) {
	labUp(t)
	for _, c := range []struct {
		name, playbook, inventory string
		want                      []string
	}{
		{name: "YAML", playbook: "- hosts: web\n  tasks:\n    - debug: {msg: hi\n", want: []string{"site.yml:"}},
		{name: "tab", playbook: "- hosts: web\n\ttasks: []\n", want: []string{"site.yml:2:", "tab"}},
		{name: "template", playbook: "- hosts: web\n  tasks:\n    - debug: {msg: '{{ a b }}'}\n", want: []string{"site.yml:3:"}},
		{name: "children", inventory: "[web]\nn1\n[prod:children]\nweb\nbalancer\n", want: []string{"hosts.ini:5", "balancer"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.playbook == "" {
				c.playbook = "- hosts: all\n  tasks: []\n"
			}
			args := []string{"play", write(t, "site.yml", c.playbook)}
			if c.inventory != "" {
				args = append(args, "-i", write(t, "hosts.ini", c.inventory))
			}
			gdeploy(t, args...).exits(t, 4).says(t, c.want...).saysNot(t, "PLAY [")
		})
	}
}

func TestAnUndefinedVariableNamesHostTaskPlaceAndNearestNames(t *testing.T) {
	labUp(t)
	book := write(t, "site.yml", "- hosts: web\n  gather_facts: false\n  vars: {greeting: hi}\n  tasks:\n    - name: Greet\n      debug: {msg: '{{ greting }}'}\n")
	gdeploy(t, "play", book, limit(few)).exits(t, 2).
		says(t, "TASK [Greet]", "fatal: [n1]", "fatal: [n3]", "'greting' is undefined", fmt.Sprintf("%s:6:", book), "greeting")
}

func TestALimitThatMatchesNothingIsRefused(t *testing.T) {
	now, _ := settled(t, few)
	for _, limit := range []string{"nobody", "", "web:!web"} {
		gdeploy(t, "play", "deploy.yml", "-l", limit).exits(t, 1).says(t, "limit").saysNot(t, "PLAY [")
	}
	run(t, now, few)
}
