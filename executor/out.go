package executor

// alive gives the hosts that are not out of the run.
func (r *run) alive(hosts hostSet) hostSet {
	r.outMu.Lock()
	defer r.outMu.Unlock()
	return hosts.where(func(h *host) bool { return r.out[h.name] == "" })
}

// stoppedToo is why a host is out of the run that did not fail itself.
const stoppedToo Status = "stopped"

// putOut takes a host out of the run; the first reason stays.
func (p *play) putOut(h *host, why Status) {
	p.outMu.Lock()
	if p.out[h.name] == "" {
		p.out[h.name] = why
	}
	p.outMu.Unlock()
	p.mu.Lock()
	p.view = nil
	p.mu.Unlock()
}

func (r *run) outBefore(name string) bool {
	r.outMu.Lock()
	defer r.outMu.Unlock()
	return r.out[name] != ""
}

// readmit lets hosts that failed or could not be reached take part again.
func (r *run) readmit() {
	r.outMu.Lock()
	defer r.outMu.Unlock()
	clear(r.out)
}

// drop takes unreachable hosts out of the run.
func (b *batch) drop(hosts hostSet) {
	for _, h := range hosts {
		b.putOut(h, Unreachable)
	}
}

// lostCount is how many hosts of the batch failed for good.
func (b *batch) lostCount() int {
	b.outMu.Lock()
	defer b.outMu.Unlock()
	n := 0
	for _, h := range b.crowd() {
		if b.out[h.name] == Failed {
			n++
		}
	}
	return n
}

// tooMany reports that more of the batch failed, with these, than max_fail_percentage allows.
func (b *batch) tooMany(failing hostSet) bool {
	if b.src.MaxFailPercentage.IsNull() || b.strategy() != "linear" {
		return false
	}
	limit, err := b.plain().Float(b.src.MaxFailPercentage)
	if err != nil {
		return true
	}
	lost := b.lostCount() + len(b.alive(failing))
	return lost > 0 && float64(lost)/float64(len(b.crowd()))*100 > limit
}

// crowd are the hosts of which max_fail_percentage may fail: those of the batch, or of a
// rolling play all.
func (b *batch) crowd() hostSet {
	if b.rolls() {
		return b.play.hosts
	}
	return b.hosts
}
