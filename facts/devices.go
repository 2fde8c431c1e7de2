package facts

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// linkKinds are the directories of /dev/disk that name devices.
var linkKinds = []struct{ fact, dir string }{{"ids", "by-id"}, {"uuids", "by-uuid"}, {"labels", "by-label"}}

// devices tells the block devices, their partitions, and the names that they have.
func (h *host) devices() {
	links := h.deviceLinks()
	h.set("device_links", values.FromMap(links.value()))
	devices := values.NewMap(8)
	for _, name := range h.names("/sys/block") {
		devices.Set(name, h.device(name, links))
	}
	h.set("devices", values.FromMap(devices))
}

// deviceLinks are for each kind the names of each device.
type deviceLinks map[string]map[string][]string

func (h *host) deviceLinks() deviceLinks {
	links := deviceLinks{"masters": {}}
	for _, kind := range linkKinds {
		links[kind.fact] = map[string][]string{}
		for _, name := range h.names("/dev/disk/" + kind.dir) {
			device := h.link(path.Join("/dev/disk", kind.dir, name))
			links[kind.fact][device] = append(links[kind.fact][device], unhexed(name))
		}
	}
	for _, master := range h.names("/sys/block") {
		for _, slave := range h.names(path.Join("/sys/block", master, "slaves")) {
			links["masters"][slave] = append(links["masters"][slave], master)
		}
	}
	return links
}

// unhexed puts back what udev writes as \x20 and the like.
func unhexed(s string) string {
	for i := 0; i+4 <= len(s); i++ {
		if s[i] == '\\' && s[i+1] == 'x' {
			if b, err := strconv.ParseUint(s[i+2:i+4], 16, 8); err == nil {
				s = s[:i] + string([]byte{byte(b)}) + s[i+4:]
			}
		}
	}
	return s
}

var linkFacts = []string{"ids", "labels", "masters", "uuids"}

func (l deviceLinks) value() *values.Map {
	all := values.NewMap(4)
	for _, kind := range linkFacts {
		of := values.NewMap(len(l[kind]))
		for _, device := range sortedKeys(l[kind]) {
			of.Set(device, values.Strings(l[kind][device]...))
		}
		all.Set(kind, values.FromMap(of))
	}
	return all
}

func (l deviceLinks) of(device string) values.Value {
	all := values.NewMap(4)
	for _, kind := range linkFacts {
		all.Set(kind, values.Strings(append([]string{}, l[kind][device]...)...))
	}
	return values.FromMap(all)
}

func (h *host) device(name string, links deviceLinks) values.Value {
	dir := path.Join("/sys/block", name)
	read := func(file string) string { return h.line(path.Join(dir, file)) }
	d := values.NewMap(20)
	d.Set("virtual", values.Int(1)) // Ansible says so of all
	d.Set("links", links.of(name))
	d.Set("vendor", orNull(read("device/vendor")))
	d.Set("model", orNull(read("device/model")))
	d.Set("sas_address", orNull(read("device/sas_address")))
	d.Set("sas_device_handle", orNull(read("device/sas_device_handle")))
	if serial := read("device/serial"); serial != "" {
		d.Set("serial", values.String(serial))
	}
	if wwn := read("device/wwid"); wwn != "" {
		d.Set("wwn", values.String(wwn))
	}
	d.Set("removable", orNull(read("removable")))
	d.Set("rotational", orNull(read("queue/rotational")))
	d.Set("support_discard", orNull(read("queue/discard_granularity")))
	d.Set("scheduler_mode", values.String(chosenOf(read("queue/scheduler"))))
	h.addSize(d, dir)
	partitions := values.NewMap(4)
	for _, part := range h.names(dir) {
		if strings.HasPrefix(part, name) && h.exists(path.Join(dir, part, "partition")) {
			partitions.Set(part, h.partition(path.Join(dir, part), links))
		}
	}
	d.Set("partitions", values.FromMap(partitions))
	d.Set("holders", h.holders(dir))
	d.Set("host", values.String(""))
	return values.FromMap(d)
}

func (h *host) partition(dir string, links deviceLinks) values.Value {
	p := values.NewMap(8)
	p.Set("links", links.of(path.Base(dir)))
	p.Set("start", values.String(h.line(path.Join(dir, "start"))))
	h.addSize(p, dir)
	uuid := values.Null
	if list := links["uuids"][path.Base(dir)]; len(list) > 0 {
		uuid = values.String(list[0])
	}
	p.Set("uuid", uuid)
	p.Set("holders", h.holders(dir))
	return values.FromMap(p)
}

// addSize tells the size of a device; the kernel counts in units of 512 bytes.
func (h *host) addSize(d *values.Map, dir string) {
	sectors := h.line(path.Join(dir, "size"))
	unit := h.line(path.Join(dir, "queue/logical_block_size"))
	if unit == "" {
		unit = "512"
	}
	d.Set("sectors", values.String(sectors))
	d.Set("sectorsize", values.String(unit))
	d.Set("size", values.String(sizeText(toInt(sectors)*512)))
}

// holders lists what is made of a device, such as a volume, by its name where it has one.
func (h *host) holders(dir string) values.Value {
	list := []string{}
	for _, name := range h.names(path.Join(dir, "holders")) {
		if dm := h.line(path.Join("/sys/block", name, "dm/name")); dm != "" {
			name = dm
		}
		list = append(list, name)
	}
	return values.Strings(list...)
}

// chosenOf finds the [chosen] among words.
func chosenOf(text string) string {
	_, rest, _ := strings.Cut(text, "[")
	chosen, _, _ := strings.Cut(rest, "]")
	return chosen
}

// sizeText prints a number of bytes as Ansible does: 256.00 GB.
func sizeText(bytes int64) string {
	for i, unit := range []string{"YB", "ZB", "EB", "PB", "TB", "GB", "MB", "KB"} {
		shift := uint(10 * (8 - i))
		if shift < 63 && bytes >= 1<<shift {
			return fmt.Sprintf("%.2f %s", float64(bytes)/float64(int64(1)<<shift), unit)
		}
	}
	return fmt.Sprintf("%.2f Bytes", float64(bytes))
}

func sortedKeys(m map[string][]string) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	return sorted(keys)
}
