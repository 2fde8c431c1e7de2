//go:build lab

package endtoend

import (
	"path/filepath"
	"testing"
	"time"
)

// withN4 are a pre-production node and the one whose disk gets full.
var withN4 = []string{"n1", "n4"}

func TestAFullDiskStopsADeployBeforeAnyHostSwitches(t *testing.T) {
	for _, c := range []struct {
		name, free string
		says       []string
	}{
		{"no room for the archive", "1M", []string{"fatal: [n4]: FAILED!", "TASK [stock : Send the code]", "MB"}},
		{"no room to unpack it", "12M", []string{"fatal: [n4]: FAILED!", "TASK [stock : Unpack", "are free", "make room"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			now, _ := settled(t, withN4)
			release := fresh("full")
			shared.lab.Fill(t, "n4", c.free)
			t.Cleanup(func() { shared.lab.Unfill(t, "n4") })
			deploy(t, withN4, source(release), "-e", "batch=100%").exits(t, 2).says(t, c.says...).saysNot(t, "TASK [stock : Switch the webroot]")
			run(t, now, withN4)
			shared.lab.Unfill(t, "n4")
			deploy(t, withN4, source(release), "-e", "batch=100%").exits(t, 0)
			run(t, release, withN4)
		})
	}
}

func TestADiskThatGetsFullWhileUnpackingLeavesNothingBehind(t *testing.T) {
	now, _ := settled(t, withN4)
	inLab(t, "", "bash", "-euc", `mkdir /deploy/src/big && tar -xzf /deploy/src/web-demo-v2.tar.gz -C /deploy/src/big && truncate -s 200M /deploy/src/big/zeros
		tar -C /deploy/src/big -c . | gzip -1 >/deploy/src/web-demo-big.tar.gz && rm -r /deploy/src/big`)
	t.Cleanup(func() { shared.lab.Unfill(t, "n4") })
	r := start(t, "", append([]string{"play", "deploy.yml", limit(withN4), source(fresh("big")), "-e", "batch=100%"}, impatient...)...)
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		if found, _ := filepath.Glob(hostFile("n4", "/opt/webroot/*.staging-*/zeros")); len(found) > 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("nothing was unpacked\n%s", r.out.String())
		}
	}
	shared.lab.Fill(t, "n4", "30M")
	r.wait(t).exits(t, 2).says(t, "fatal: [n4]: FAILED!", "TASK [stock : Unpack", "no space left on device").saysNot(t, "TASK [stock : Switch the webroot]")
	run(t, now, withN4)
}
