package executor_test

import (
	"bytes"
	"context"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/inventory"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/oncontroller"
	"github.com/gdeploy/gdeploy/modules/onhost"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/report"
	"github.com/gdeploy/gdeploy/transport"
	"github.com/gdeploy/gdeploy/variables"
)

func ours(t *testing.T, dir string, flags []string) string {
	inv, err := inventory.Load(context.Background(), []string{filepath.Join(dir, "inventory")}, inventory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	inv = inv.WithPlaybookDir(dir)
	var specs []*modules.Spec
	for _, s := range append(onhost.Specs(), oncontroller.Specs()...) {
		specs = append(specs, &s)
	}
	loader := playbooks.NewLoader(playbooks.Options{Modules: specs})
	book, err := loader.Playbook(filepath.Join(dir, "play.yml"))
	if err != nil {
		t.Fatal(err)
	}
	pool := transport.NewPool(transport.Options{})
	defer pool.Close()
	var out, warnings bytes.Buffer
	request := executor.Request{
		Playbooks: []*playbooks.Playbook{book}, Inventory: executor.FromInventory(inv), Loader: loader,
		Hosts: pool, Identity: modules.Run{ID: "run1", Who: "ada@ops1"}, Connection: executor.ConnectionDefaults{Connection: "local"},
	}
	options := report.Options{}
	for _, flag := range flags {
		switch {
		case strings.HasPrefix(flag, "-v"):
			options.Verbosity = len(flag) - 1
		case flag == "-C":
			request.Check = true
		case flag == "-D":
			request.Diff = true
		case flag == "--force-handlers":
			request.ForceHandlers = true
		case strings.HasPrefix(flag, "--tags="):
			request.Select.Tags = strings.Split(flag[len("--tags="):], ",")
		}
	}
	request.Verbosity = options.Verbosity
	request.Events = report.NewConsole(&out, &warnings, options)
	request.Store = variables.NewStore(variables.Options{
		Inventory: variables.FromInventory(inv), PlaybookDir: dir, CheckMode: request.Check, DiffMode: request.Diff, Verbosity: options.Verbosity,
	})
	if _, err := executor.Run(context.Background(), request); err != nil {
		t.Fatal(err)
	}
	text := strings.TrimSuffix(out.String(), "\n")
	return normal(text+"\n", dir)
}

var volatile = []struct {
	find *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`"(delta|start|end|ansible_job_id|results_file|erased)": "[^"]*"`), `"$1": "X"`},
	{regexp.MustCompile(`"async_result": \{.*\}, "changed"`), `"async_result": {}, "changed"`},
	{regexp.MustCompile(`"attempts": \d+`), `"attempts": N`}, {regexp.MustCompile(`(?m)^FAILED - RETRYING: \[localhost\]: async_status .*\n`), ""},
	{regexp.MustCompile(`(?m)^ASYNC .*\n`), ""}, // nothing is polled here
	{regexp.MustCompile(`(?m)^An exception occurred during task execution.*\n`), ""},
	{regexp.MustCompile(`(NO MORE HOSTS LEFT \*+\n\n)+`), "$1"}, // Ansible says it twice for max_fail_percentage
	{regexp.MustCompile(`(?m)^(included: \S+ for )h2, h1`), "${1}h1, h2"},
	{regexp.MustCompile(`(?m)^No config file found; using defaults\n`), ""},
}

var resultLine = regexp.MustCompile(`^(ok|changed|skipping|failed|fatal|included|FAILED - RETRYING): `)

// normal takes out times and paths, and sorts the results of a task, whose order is chance.
func normal(text, dir string) string {
	text = strings.ReplaceAll(text, dir+"/", "")
	for _, v := range volatile {
		text = v.find.ReplaceAllString(text, v.with)
	}
	var out []string
	for _, paragraph := range strings.Split(text, "\n\n") {
		lines := strings.Split(paragraph, "\n")
		var blocks []string
		for i, line := range lines {
			if i > 0 && len(blocks) > 0 && !resultLine.MatchString(line) && !strings.Contains(line, " ***") && blocks[len(blocks)-1] != "" {
				blocks[len(blocks)-1] += "\n" + line
				continue
			}
			blocks = append(blocks, line)
		}
		if len(blocks) > 1 && strings.Contains(blocks[0], "***") {
			slices.Sort(blocks[1:])
		}
		out = append(out, strings.Join(blocks, "\n"))
	}
	return strings.Join(out, "\n\n")
}
