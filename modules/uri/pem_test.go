package uri_test

import (
	"encoding/pem"
	"net/http/httptest"
)

// pemOf is a server's certificate as a file has it.
func pemOf(server *httptest.Server) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}
