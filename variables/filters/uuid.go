package filters

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// uuidNamespace is the one that Ansible hashes names in.
const uuidNamespace = "361E6D51-FAEC-444A-9079-341386DA8E2E"

// toUUID makes a version 5 UUID of a name.
func toUUID(c *jinja.Call) (values.Value, error) {
	text, err := c.Text()
	p := c.Params("namespace")
	namespace := p.String("namespace", uuidNamespace)
	if err := first(err, p.Err()); err != nil {
		return values.Null, err
	}
	space, err := hex.DecodeString(strings.ReplaceAll(strings.Trim(namespace, "{}"), "-", ""))
	if err != nil || len(space) != 16 {
		return values.Null, fmt.Errorf("Invalid value '%s' for 'namespace': badly formed hexadecimal UUID string", namespace)
	}
	sum := sha1.Sum(append(space, text...))
	id := sum[:16]
	id[6] = id[6]&0x0f | 0x50
	id[8] = id[8]&0x3f | 0x80
	return values.String(fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])), nil
}
