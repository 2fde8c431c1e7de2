package facts

import (
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// mounts tells the file systems that are on devices or come over the network, and how
// full they are.
func (h *host) mounts() {
	bound, uuids := h.bound(), h.uuids()
	list := []values.Value{}
	for _, line := range h.lines("/proc/self/mounts") {
		fields := strings.Fields(line)
		if len(fields) < 4 {
			continue
		}
		device, dir, kind, options := unescaped(fields[0]), unescaped(fields[1]), fields[2], fields[3]
		if !strings.HasPrefix(device, "/") && !strings.Contains(device, ":/") || kind == "none" {
			continue
		}
		if bound[dir] {
			options += ",bind"
		}
		uuid, ok := uuids[path.Base(device)]
		if !ok {
			uuid = "N/A"
		}
		mount := values.NewMap(16)
		for _, pair := range [][2]string{{"mount", dir}, {"device", device}, {"fstype", kind}, {"options", options}, {"uuid", uuid}} {
			mount.Set(pair[0], values.String(pair[1]))
		}
		h.volume(mount, dir)
		list = append(list, values.FromMap(mount))
	}
	h.set("mounts", values.FromSlice(list))
}

// volume adds sizes. A server that does not answer holds up nobody longer than the timeout.
func (h *host) volume(mount *values.Map, dir string) {
	if h.inspect == nil {
		return
	}
	answer := make(chan modules.Volume, 1)
	go func() {
		if v, err := h.inspect.Volume(dir); err == nil {
			answer <- v
		}
		close(answer)
	}()
	select {
	case v, ok := <-answer:
		if ok {
			addVolume(mount, v)
		}
	case <-time.After(h.options.Timeout):
		mount.Set("note", values.String("Timed out while attempting to get extra information."))
	}
}

func addVolume(mount *values.Map, v modules.Volume) {
	for _, pair := range []struct {
		name string
		n    uint64
	}{
		{"size_total", v.SizeTotal}, {"size_available", v.SizeAvailable},
		{"block_size", uint64(v.BlockSize)}, {"block_total", v.Blocks}, {"block_available", v.BlocksAvailable}, {"block_used", v.Blocks - v.BlocksAvailable},
		{"inode_total", v.Inodes}, {"inode_available", v.InodesFree}, {"inode_used", v.Inodes - v.InodesFree},
	} {
		mount.Set(pair.name, values.Int(int64(pair.n)))
	}
}

// bound lists the places where only a part of a file system is mounted.
func (h *host) bound() map[string]bool {
	bound := map[string]bool{}
	for _, line := range h.lines("/proc/self/mountinfo") {
		if fields := strings.Fields(line); len(fields) > 4 && fields[3] != "/" {
			bound[unescaped(fields[4])] = true
		}
	}
	return bound
}

// uuids gives the UUIDs of file systems by the names of their devices.
func (h *host) uuids() map[string]string {
	uuids := map[string]string{}
	for _, uuid := range h.names("/dev/disk/by-uuid") {
		uuids[h.link("/dev/disk/by-uuid/"+uuid)] = uuid
	}
	return uuids
}

// unescaped puts back what the kernel writes as \040 and the like.
func unescaped(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+4 <= len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
