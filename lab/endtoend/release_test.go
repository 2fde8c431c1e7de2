//go:build lab

package endtoend

import (
	"os"
	"testing"
)

func TestADamagedArchiveIsNotSent(t *testing.T) {
	now, _ := settled(t, few)
	release := fresh("damaged")
	deploy(t, []string{"n4"}, source(release)).exits(t, 0)
	archive := controllerFile("/deploy/tar/web-demo_" + release + "/code.tar.gz")
	whole := read(t, archive)
	damaged := append([]byte{}, whole...)
	damaged[len(damaged)/2] ^= 1
	replace(t, archive, damaged)
	deploy(t, few, "-e", "version="+release).exits(t, 2).says(t, "/deploy/tar/web-demo_"+release+"/code.tar.gz is damaged", "bring it back").saysNot(t, "TASK [stock : Switch the webroot]")
	run(t, now, few)
	replace(t, archive, whole)
	deploy(t, few, "-e", "version="+release, "-e", "batch=100%").exits(t, 0)
	run(t, release, few)
}

// replace writes a file of the controller anew; its owner stays.
func replace(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestANameThatIsTakenByOtherContentIsRefused(t *testing.T) {
	now, _ := settled(t, few)
	r := deploy(t, few, `-e={source: archive, repo: /deploy/src/web-demo-v2.tar.gz, release_name: one}`).exits(t, 2)
	r.says(t, "release one is archived already with other content", "choose another release_name", "-e version=one").saysNot(t, "TASK [stock : Send the code]")
	run(t, now, few)
}

func TestAnUnknownVersionIsRefusedWithThoseThatThereAre(t *testing.T) {
	now, _ := settled(t, few)
	for _, play := range []func(*testing.T, []string, ...string) result{deploy, rollback} {
		play(t, few, "-e", "version=v9").exits(t, 2).says(t, `no release is called \"v9\"`, "there are:").saysNot(t, "TASK [stock : Switch the webroot]")
	}
	run(t, now, few)
}

func TestAReleaseNameOfDigitsStaysAName(t *testing.T) {
	settled(t, few)
	const name, octal = "123456_20240131", "012345"
	from := "-e={source: archive, repo: /deploy/src/web-demo-v2.tar.gz}"
	deploy(t, few, from, "-e", "batch=100%", "-e", "release_name="+name).exits(t, 0)
	run(t, name, few)
	for _, unquoted := range []string{"release_name: " + name, "version: " + octal} {
		deploy(t, few, from, "-e", "@"+write(t, "vars.yml", unquoted+"\n")).exits(t, 2).says(t, "YAML read a number", "quotes")
	}
	deploy(t, few, from, "-e", "batch=100%", "-e", "@"+write(t, "vars.yml", `release_name: "`+octal+"\"\n")).exits(t, 0)
	run(t, octal, few)
	rollback(t, few, "-e", "batch=100%", "-e", "version="+name).exits(t, 0)
	run(t, name, few)
	deploy(t, few, "-e", "batch=100%", "-e", "version="+octal).exits(t, 0)
	run(t, octal, few)
}

func TestAnotherEnvironmentsConfigurationIsRefused(t *testing.T) {
	now, _ := settled(t, few)
	r := deploy(t, few, source(fresh("stage")), "-e", "deploy_environment=stage").exits(t, 2)
	r.says(t, "environment stage", "/deploy/config/web-demo/env", "Nothing was changed").saysNot(t, "TASK [stock : Send the code]")
	run(t, now, few)
}

func TestABuildThatFailsShowsItsLog(t *testing.T) {
	now, _ := settled(t, few)
	r := deploy(t, few, "-e", "ref=v2", "-e", `{"build_command": "echo compiling the shop; echo no such header >&2; exit 3"}`).exits(t, 2)
	r.says(t, "TASK [stock : Build the code]", "compiling the shop", "no such header").saysNot(t, "TASK [stock : Send the code]")
	run(t, now, few)
}

func TestANodeThatFailsItsTestGoesBackAndTheOthersSawNothing(t *testing.T) {
	now, next := settled(t, few)
	before := started(t, "n2")
	r := deploy(t, few, "-e", "version=three", "-e", "health_timeout=2").exits(t, 7)
	r.says(t, `"stock : Test the node" failed on n1`, "500", "what was done on 1 host was taken back")
	run(t, now, few)
	if started(t, "n2") != before {
		t.Error("n2 was restarted")
	}
	deploy(t, few, "-e", "version="+next, "-e", "batch=100%").exits(t, 0)
	run(t, next, few)
}

// started is when a host's service was started.
func started(t *testing.T, host string) string {
	t.Helper()
	return onHost(t, host, "systemctl show --property=ActiveEnterTimestampMonotonic web-demo")
}

func TestAFailureInTheThirdBatchTakesTheEarlierOnesBackToo(t *testing.T) {
	now, _ := settled(t, few)
	breakN3(t)
	release := fresh("third")
	unharmed := clientThrough(t)
	r := deploy(t, few, source(release), "-e", "health_timeout=2").exits(t, 7)
	r.says(t, `"stock : Test the node" failed on n3`, "what was done on 3 hosts was taken back")
	unharmed()
	run(t, now, few)
	r = deploy(t, few, "-e", "version="+release, "-e", "health_timeout=2", "-e", "on_failure=undo_host").exits(t, 7)
	r.says(t, `failed on n3`, "what was done on 1 host was taken back")
	run(t, release, []string{"n1", "n2"})
	run(t, now, []string{"n3"})
	rollback(t, few, "-e", "batch=100%").exits(t, 0).says(t, "n3: runs "+now+" already")
	run(t, now, few)
}

// breakN3 gives n3 a file of its own with which its service does not start, until the end of the test.
func breakN3(t *testing.T) {
	t.Helper()
	name := controllerFile("/deploy/config/web-demo/other/n3/node.conf")
	whole := read(t, name)
	replace(t, name, []byte("nodule=n3\n"))
	t.Cleanup(func() { replace(t, name, whole) })
}

func TestAReleaseThatWasChangedOnANodeIsStagedAgainBeforeItGoesLive(t *testing.T) {
	_, next := settled(t, few)
	changed := hostFile("n2", "/opt/webroot/web-demo_"+next+"/app.conf")
	whole := read(t, changed)
	replace(t, changed, []byte("greeting=goodbye\n"))
	if err := os.RemoveAll(hostFile("n3", "/opt/webroot/web-demo_"+next)); err != nil {
		t.Fatal(err)
	}
	rollback(t, few, "-e", "version="+next, "-e", "batch=100%").exits(t, 0)
	run(t, next, few)
	if now, err := os.ReadFile(changed); err != nil || string(now) != string(whole) {
		t.Errorf("n2's app.conf is %q, %v", now, err)
	}
}

func TestADryRunTellsWhatWouldGoWhereAndChangesNothing(t *testing.T) {
	now, next := settled(t, few)
	state := func() string {
		return started(t, "n1") + string(read(t, hostFile("n1", "/var/lib/gdeploy/releases/web-demo/ledger.jsonl"))) + inLab(t, "", "ls", "/deploy/tar", "/deploy/code")
	}
	before := state()
	for _, r := range []result{
		deploy(t, few, "-C", "-e", "version="+next).says(t, "n1: would go from "+now+" to "+next, "This would change 3 of 3 hosts"),
		deploy(t, few, "-C", source(fresh("dry"))).says(t, "n3: would go from "+now+" to dry-"),
		deploy(t, few, "-C", "-e", "ref=v2").says(t, "n2: would go from "+now+" to "),
		rollback(t, few, "-C", "-e", "version="+next).says(t, "n2: would go from "+now+" to "+next, "This would change 3 of 3 hosts"),
	} {
		r.exits(t, 0)
	}
	run(t, now, few)
	if after := state(); after != before {
		t.Errorf("something was changed: it was\n%s\nand is\n%s", before, after)
	}
	gdeploy(t, "history", "-n", "1").says(t, "rollback(dry-run)")
}
