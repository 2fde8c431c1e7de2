// Command measure runs a command several times and prints one line: wall time (the best
// and the median run), processor time on the controller, processor time on the lab's
// hosts, and the memory of the largest process.
//
//	measure -lab NAME -runs 5 -label TEXT [-before CMD] -- COMMAND...
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	lab := flag.String("lab", os.Getenv("GDEPLOY_LAB"), "the lab whose hosts are measured")
	runs := flag.Int("runs", 5, "how many runs, at most 50")
	label := flag.String("label", "", "what to call it")
	before := flag.String("before", "", "shell command before each run, not measured")
	flag.Parse()
	if flag.NArg() == 0 || *runs < 1 || *runs > 50 {
		flag.Usage()
		os.Exit(5)
	}
	var all []sample
	for range *runs {
		s, err := measure(*lab, *before, flag.Args())
		if err != nil {
			fmt.Fprintf(os.Stderr, "measure %s: %v\n", *label, err)
			os.Exit(1)
		}
		all = append(all, s)
	}
	fmt.Println(row(*label, all))
}

// sample is one run.
type sample struct {
	wall, controller, hosts time.Duration
	memory                  int64 // bytes
}

// row sums samples up: the best wall and the medians of all.
func row(label string, all []sample) string {
	median := func(of func(sample) time.Duration) time.Duration {
		list := make([]time.Duration, len(all))
		for i, s := range all {
			list[i] = of(s)
		}
		slices.Sort(list)
		return list[len(list)/2]
	}
	best := slices.MinFunc(all, func(a, b sample) int { return int(a.wall - b.wall) })
	biggest := slices.MaxFunc(all, func(a, b sample) int { return int(a.memory - b.memory) })
	return fmt.Sprintf("| %-44s | %8.3f | %8.3f | %8.3f | %8.3f | %6d |", label,
		best.wall.Seconds(), median(func(s sample) time.Duration { return s.wall }).Seconds(),
		median(func(s sample) time.Duration { return s.controller }).Seconds(),
		median(func(s sample) time.Duration { return s.hosts }).Seconds(), biggest.memory>>20)
}

func measure(lab, before string, command []string) (sample, error) {
	if before != "" {
		if out, err := exec.Command("bash", "-c", before).CombinedOutput(); err != nil {
			return sample{}, fmt.Errorf("before: %w: %s", err, out)
		}
	}
	used, err := hostsUsed(lab)
	if err != nil {
		return sample{}, err
	}
	cmd := exec.Command(command[0], command[1:]...)
	started := time.Now()
	out, err := cmd.CombinedOutput()
	s := sample{wall: time.Since(started)}
	if err != nil {
		return s, fmt.Errorf("%w:\n%s", err, tail(out))
	}
	now, err := hostsUsed(lab)
	s.hosts = now - used
	s.controller = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.memory = usage.Maxrss << 10
	}
	return s, err
}

func tail(out []byte) []byte { return out[max(0, len(out)-2000):] }

// hostsUsed is the processor time that all hosts of the lab have used so far.
func hostsUsed(lab string) (time.Duration, error) {
	for _, root := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		content, err := os.ReadFile(filepath.Join(root, "gdeploy-lab", lab, "cpu.stat"))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, err
		}
		for line := range strings.Lines(string(content)) {
			if value, ok := strings.CutPrefix(line, "usage_usec "); ok {
				n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
				return time.Duration(n) * time.Microsecond, err
			}
		}
	}
	return 0, fmt.Errorf("there is no processor time of lab %q: is it up?", lab)
}
