package executor

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// floor counts which hosts of a rolling play are out of service, and sees to it that those
// left in service do not become too few.
type floor struct {
	all     int // hosts that are counted, also those that -l leaves out
	counted map[string]bool
	least   int    // how many of them must stay in service
	written string // min_available as the play has it

	mu  sync.Mutex
	out map[string]outage
}

// outage is why a host is out of service.
type outage struct {
	why string
	// before is why it was out before its turn came; it is out for that afterwards too.
	before string
	// restored says that what the run did there was taken back and tested. Such a host
	// serves again, but is no reason to try the next one.
	restored bool
}

// underWay is why a host is out that is just being worked on.
const underWay = "under way"

// lose takes note of a host that is out of service and will not come back by itself.
func (f *floor) lose(host, why string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.counted[host] {
		return
	}
	f.out[host] = outage{why: why}
}

// leave takes a host out of service, if enough others stay. One that is out already, as
// nobody ever put it in, may always go.
func (f *floor) leave(host string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	o, out := f.out[host]
	if f.counted[host] && !out && f.serving()-1 < f.least {
		return false
	}
	f.out[host] = outage{why: underWay, before: o.why}
	return true
}

// serving is how many hosts are in service, where one that was taken back is none.
func (f *floor) serving() int {
	n := f.all
	for host := range f.out {
		if f.counted[host] {
			n--
		}
	}
	return n
}

// comeBack puts a host into service again that was in service before.
func (f *floor) comeBack(host string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if before := f.out[host].before; before != "" {
		f.out[host] = outage{why: before}
		return
	}
	delete(f.out, host)
}

// unwinds lets a host go out of service once more, to take back what was done there, if
// enough others stay.
func (f *floor) unwinds(host string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	serving := f.all
	for other, o := range f.out {
		if f.counted[other] && !o.restored {
			serving--
		}
	}
	if o, out := f.out[host]; out && !o.restored {
		return true
	}
	if f.counted[host] && serving-1 < f.least {
		return false
	}
	f.out[host] = outage{why: "being taken back"}
	return true
}

// restore takes note that what was done on a host was taken back.
func (f *floor) restore(host string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o, out := f.out[host]; out {
		if o.why == underWay {
			o.why = "failed"
		}
		f.out[host] = outage{why: o.why + ", and was taken back", restored: true}
	}
}

// shortfall says in figures what one host less would mean.
func (f *floor) shortfall() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for host, o := range f.out {
		if !f.counted[host] {
			continue
		}
		out = append(out, fmt.Sprintf("%s (%s)", host, o.why))
	}
	slices.Sort(out)
	text := fmt.Sprintf("would leave %d of %d hosts in service, and min_available is %s", f.serving()-1, f.all, f.wanted())
	if len(out) == 0 {
		return text
	}
	return text + "; out of service already: " + strings.Join(out, ", ")
}

// wanted is min_available in hosts, and as it was written.
func (f *floor) wanted() string {
	if strings.HasSuffix(f.written, "%") {
		return fmt.Sprintf("%d (%s)", f.least, f.written)
	}
	return fmt.Sprint(f.least)
}

// isRestored reports that a host that failed was taken back in full.
func (f *floor) isRestored(host string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.out[host].restored
}

// isUnderWay reports that a host began and did not get through.
func (f *floor) isUnderWay(h *host) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.out[h.name].why == underWay
}
