//go:build lab

package endtoend

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/lab"
)

// repository is where gdeploy is run, with its gdeploy.yaml and the lab's inventory.
const repository = "../.."

// shared is the lab of all tests of this package. Its ten nodes run the release "two" and had "one" before; "three" is built from
// the tag v3, whose health check fails. All three are archived on the controller.
var shared struct {
	once sync.Once
	lab  *lab.Lab
	home string // where gdeploy keeps its runs and caches
	err  error
}

// labUp gives the shared lab; the first test that wants it makes it. It is the lab named test, unless GDEPLOY_TEST_LAB names
// another, which is then used as the tests before left it: so one can work at a test without making a lab each time.
func labUp(t *testing.T) *lab.Lab {
	t.Helper()
	shared.once.Do(func() {
		shared.err = fmt.Errorf("the lab of these tests could not be made: see the first test")
		makeLab(t)
		shared.err = nil
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.lab
}

func TestMain(m *testing.M) {
	home, err := os.MkdirTemp("", "endtoend")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	shared.home = home
	code := m.Run()
	os.RemoveAll(home)
	if shared.lab != nil && os.Getenv("GDEPLOY_TEST_LAB") == "" {
		takeDown(shared.lab.Name)
	}
	os.Exit(code)
}

// takeDown leaves other tests no nodes that are at work.
func takeDown(name string) {
	if out, err := exec.Command(filepath.Join(repository, "lab", "lab"), "--name", name, "down").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "take the lab down: %v: %s\n", err, out)
	}
}

func makeLab(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(repository, "bin", "gdeploy")); err != nil {
		t.Fatalf("%v: run `make build` first", err)
	}
	own := os.Getenv("GDEPLOY_TEST_LAB")
	shared.lab = lab.Up(t, lab.Options{Name: own, Fresh: own == ""})
	if _, err := os.Stat(controllerFile("made-for-tests")); err == nil {
		return
	}
	if own != "" {
		shared.lab = lab.Up(t, lab.Options{Name: own, Fresh: true})
	}
	gdeploy(t, "play", "bootstrap.yml", "-l", "prod").exits(t, 0)
	inLab(t, "", "cp", "-r", "examples/web-demo/config/.", "/deploy/config/web-demo/")
	inLab(t, "", "examples/web-demo/make-repos", "/deploy/src/web-demo")
	inLab(t, makeArchives, "bash", "-euo", "pipefail", "-s")
	for _, r := range []string{"one", "two"} {
		gdeploy(t, "play", "deploy.yml", "-l", "prod", source(r), "-e", "batch=100%").exits(t, 0)
	}
	gdeploy(t, "play", "deploy.yml", "-l", "n1,n2,n3", source("three"), "-e", "health_timeout=2").exits(t, 7)
	inLab(t, "", "touch", "/deploy/made-for-tests")
}

// makeArchives makes of each tag an archive that is ready to run, so that not every deploy compiles.
const makeArchives = `
cd /deploy/src
for tag in v1 v2 v3 v4; do
	mkdir -p "ready/$tag" "source/$tag"
	git -C web-demo/web-demo.git archive "$tag" | tar -x -C "source/$tag"
	(cd "source/$tag" && CGO_ENABLED=0 go build -trimpath -buildvcs=false -o "../../ready/$tag/web-demo" .)
	cp -r "source/$tag/static" "ready/$tag/"
	tar -czf "web-demo-$tag.tar.gz" -C "ready/$tag" .
done
cp ready/v2/web-demo program
rm -rf source ready
chown -R www:www /deploy/src /deploy/config`

// source is a -e that deploys a release of that name from an archive: that of its tag, or v2's. Old releases are kept, since tests
// go back to them.
func source(release string) string {
	name, _, _ := strings.Cut(release, "-")
	from := map[string]string{"one": "v1", "two": "v2", "three": "v3", "big": "big"}[name]
	if from == "" {
		from = "v2"
	}
	return fmt.Sprintf("-e={source: archive, repo: /deploy/src/web-demo-%s.tar.gz, ref: %s, release_name: %s, keep: 50}", from, from, release)
}

// fresh makes a release name that was not there before.
func fresh(name string) string { return name + "-" + strconv.FormatInt(time.Now().UnixMilli(), 36) }

// inLab runs a command on the controller and gives its standard output; the test ends where it fails.
func inLab(t *testing.T, stdin string, command ...string) string {
	t.Helper()
	cmd := onController(context.WithoutCancel(t.Context()), command...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(command, " "), err, out)
	}
	return string(out)
}

// onHost runs a line of shell as root on a host, without ssh, and gives its standard output.
func onHost(t *testing.T, host, script string) string {
	t.Helper()
	out, err := shared.lab.Exec(context.WithoutCancel(t.Context()), host, "sh", "-ec", script) // Cleanup calls it too
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func onController(ctx context.Context, command ...string) *exec.Cmd {
	cmd := shared.lab.Command(ctx, command[0], command[1:]...)
	cmd.Dir = repository
	cmd.Env = environment()
	return cmd
}

// environment keeps what gdeploy remembers of these runs apart from what the operator of this machine has.
func environment() []string {
	return append(os.Environ(), "XDG_STATE_HOME="+shared.home+"/state", "XDG_CACHE_HOME="+shared.home+"/cache", "NO_COLOR=1")
}

// stateDir is where the lab keeps its hosts' disks and the controller's /deploy.
func stateDir() string { return filepath.Dir(shared.lab.KnownHosts) }

// controllerFile is a file below the controller's /deploy, as this process sees it.
func controllerFile(name string) string {
	return filepath.Join(stateDir(), "controller", "deploy", strings.TrimPrefix(name, "/deploy"))
}

// hostFile is a file on a host's disk, as this process sees it, also when the host is down.
func hostFile(host, name string) string {
	return filepath.Join(stateDir(), "hosts.d", host, "root", name)
}
