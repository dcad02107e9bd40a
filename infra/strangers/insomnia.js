// The requests that Insomnia's importer makes of a schema, as JSON: its name on the command line.
const fs = require("fs");
const { convert } = require("insomnia-importers");

console.error = console.log = console.warn = () => {}; // it looks the version up in an older list, says so, and imports all the same
convert(fs.readFileSync(process.argv[2], "utf8")).then(({ data }) =>
  fs.writeFileSync(process.argv[3], JSON.stringify(data.resources)));
