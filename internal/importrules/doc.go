// Package importrules keeps who may import whom: rules_test.go is the table and
// the specification. The tests look at what the go command says each package
// links, on every platform that authlatch is built for. It holds no code.
package importrules
