// Looks whether the tables of docs/segment-format.md are those of the code.
//   segment_format_test FILE [--write]
//     --write  puts the code's tables into the file

#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "format/segment_format.hpp"

namespace segment_format {
namespace {

void put(std::ostringstream& to, std::size_t offset, std::size_t bytes, const std::string& rest) {
  to << "| " << offset << " | " << bytes << " | " << rest << " |\n";
}

void put(std::ostringstream& to, const structure& s) {
  to << "\n**" << s.name << "**, " << s.bytes << " bytes: " << s.where << "\n\n"
     << "| offset | bytes | field | written by | meaning |\n|---|---|---|---|---|\n";
  std::size_t at = 0;
  for (const field& f : s.fields) {
    if (f.offset > at) put(to, at, f.offset - at, "(padding) | | ");
    put(to, f.offset, f.bytes, "`" + std::string(f.name) + "` | " + f.writer + " | " + f.meaning);
    at = f.offset + f.bytes;
  }
  if (at < s.bytes) put(to, at, s.bytes - at, "(padding) | | ");
}

// The text between a pair of marks is replaced. @returns false where they are not there.
bool replace(std::string& page, const std::string& mark, const std::string& by) {
  const std::string begin = "<!-- " + mark + ": generated -->\n";
  const std::string end = "\n<!-- end -->";
  const std::size_t from = page.find(begin);
  if (from == std::string::npos) return false;
  const std::size_t to = page.find(end, from);
  if (to == std::string::npos) return false;
  page.replace(from + begin.size(), to - from - begin.size(), by);
  return true;
}

}  // namespace

std::string tables(const std::vector<structure>& all) {
  std::ostringstream text;
  for (const structure& s : all) put(text, s);
  return text.str();
}

}  // namespace segment_format

int main(int argc, char** argv) {
  using namespace segment_format;
  if (argc < 2) return 2;
  std::ostringstream read;
  read << std::ifstream(argv[1]).rdbuf();
  const std::string page = read.str();
  std::string wanted = page;
  if (!replace(wanted, "queue", tables(queue_structures())) ||
      !replace(wanted, "pipe", tables(pipe_structures()))) {
    std::fprintf(stderr, "%s has no marks for the tables\n", argv[1]);
    return 2;
  }
  if (argc == 3 && std::strcmp(argv[2], "--write") == 0) {
    std::ofstream(argv[1]) << wanted;
    return 0;
  }
  if (wanted == page) return 0;
  std::fprintf(stderr, "%s is not what the code says; `segment_format_test %s --write` mends it\n",
               argv[1], argv[1]);
  return 1;
}
