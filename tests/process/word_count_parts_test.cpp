// The parts of the word_count example on which its exactness rests: pieces, the tree, the table.
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "options.hpp"
#include "piece_reader.hpp"
#include "support/catch.hpp"
#include "support/folder.hpp"
#include "tree_walk.hpp"
#include "word_counts.hpp"

using namespace word_count;
namespace fs = std::filesystem;
using counts_map = std::map<std::string, std::uint64_t>;

namespace {

class scratch : public bulkhead_test::folder {
 public:
  std::string write(const std::string& name, const std::string& text) const {
    fs::create_directories((root() / name).parent_path());
    std::ofstream(root() / name, std::ios::binary) << text;
    return (root() / name).string();
  }
};

counts_map map_of(const word_counts& counts) {
  counts_map map;
  for (const auto& e : counts.entries()) map[std::string(counts.word(e))] = e.count;
  return map;
}

counts_map count(const std::vector<piece>& pieces) {
  piece_reader reader;
  word_counts counts;
  for (const auto& part : pieces) REQUIRE(!reader.count(part, counts));
  return map_of(counts);
}

std::vector<std::string> rest_of(tree_walk& walk) {
  std::vector<std::string> paths;
  while (const auto file = walk.next()) paths.push_back(file->path);
  return paths;
}

}  // namespace

TEST_CASE("an identifier belongs to the piece in which it starts, wherever a file is cut",
          "[word_count][unit]") {
  const scratch folder;
  using namespace std::string_literals;
  const auto text =
      "x12abc 12abc a9 9a 99 _ __a-b\r\n\0zero\xff\xc3\xa9t\xc3\xa9 3.14f 0x1Fu end7"s;
  const std::string path = folder.write("file", text);
  const counts_map whole = count({{path, 0, text.size()}});
  CHECK(whole.at("x12abc") == 1);
  CHECK(whole.at("abc") == 1);
  CHECK(whole.at("a") == 1);
  CHECK(whole.at("__a") == 1);
  CHECK(whole.at("t") == 1);
  CHECK(whole.at("x1Fu") == 1);
  CHECK(whole.at("end7") == 1);
  CHECK(whole.count("99") == 0);
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      const counts_map cut = count(
          {{path, 0, first}, {path, first, second - first}, {path, second, text.size() - second}});
      if (cut != whole) FAIL("cut at " << first << " and " << second);
    }
  }
}

TEST_CASE("runs of digits and identifiers longer than any buffer are cut right",
          "[word_count][unit]") {
  const scratch folder;
  const std::string digits(1000, '7');
  const std::string letters(10'000, 'q');
  const std::string text = "." + digits + "abc x" + digits + "y " + letters + " z";
  const std::string path = folder.write("file", text);
  const counts_map expected{{"abc", 1}, {"x" + digits + "y", 1}, {letters, 1}, {"z", 1}};
  for (std::size_t cut = 0; cut <= text.size(); cut += 97) {
    CHECK(count({{path, 0, cut}, {path, cut, text.size() - cut}}) == expected);
  }
}

TEST_CASE("a file is cut into pieces that cover it", "[word_count][unit]") {
  CHECK(pieces_of({"f", 0, 0}).size() == 1);
  CHECK(pieces_of({"f", 0, piece_bytes_max}).size() == 1);
  const auto pieces = pieces_of({"f", 0, 2 * piece_bytes_max + 1});
  REQUIRE(pieces.size() == 3);
  CHECK(pieces[1].offset == piece_bytes_max);
  CHECK(pieces[2].offset == 2 * piece_bytes_max);
  CHECK(pieces[2].length == 1);
}

TEST_CASE("a piece of a file that cannot be read is an error and adds nothing",
          "[word_count][unit]") {
  const scratch folder;
  piece_reader reader;
  word_counts counts;
  CHECK(reader.count({folder.path("gone"), 0, 10}, counts) == std::errc::no_such_file_or_directory);
  CHECK(reader.count({folder.path(), 0, 10}, counts) == std::errc::is_a_directory);
  CHECK(counts.entries().empty());
}

TEST_CASE("a walk lists regular files in one order, without what symbolic links name",
          "[word_count][unit]") {
  const scratch folder;
  const std::vector<std::string> names{"a", "b/c", "b/d/e", "b-/f", "b.g", "h\ni", "j k"};
  for (const auto& name : names) folder.write("tree/" + name, name);
  fs::create_directories(folder.path("tree/empty"));
  fs::create_symlink(folder.path("tree/a"), folder.path("tree/link"));
  fs::create_directory_symlink(folder.path("tree/b"), folder.path("tree/linked"));
  fs::create_directory_symlink(folder.path("tree"), folder.path("root"));

  tree_walk walk({folder.path("root")});
  const auto base = folder.path("root/");
  // A folder stands where its name does: "b" before "b-".
  const std::vector<std::string> expected{base + "a",    base + "b/c", base + "b/d/e",
                                          base + "b-/f", base + "b.g", base + "h\ni",
                                          base + "j k"};
  CHECK(rest_of(walk) == expected);
}

TEST_CASE("a walk goes on from any of its positions", "[word_count][unit]") {
  const scratch folder;
  for (const char* name : {"a", "b/c", "b/d/e", "b/d/f/g", "b/h", "b-/i", "b.j", "k/l/m/n"}) {
    folder.write(name, "x");
  }
  const std::vector<std::string> roots{folder.path(),          folder.path("a"),
                                       folder.path("b") + "/", folder.path("gone"),
                                       folder.path("a"),       folder.path()};
  tree_walk whole(roots);
  const auto expected = rest_of(whole);
  CHECK(expected.size() == 8 + 1 + 4 + 1 + 1 + 8);
  tree_walk walk(roots);
  for (std::size_t done = 0; done <= expected.size(); ++done) {
    tree_walk resumed(roots, walk.position());
    CHECK(rest_of(resumed) ==
          std::vector(expected.begin() + static_cast<std::ptrdiff_t>(done), expected.end()));
    (void)walk.next();
  }
}

TEST_CASE("the table counts as a map does, also after it was cleared", "[word_count][unit]") {
  std::mt19937 random(7);
  word_counts counts;
  for (int round = 0; round < 5; ++round) {
    counts_map expected;
    const unsigned words = round % 2 == 0 ? 20'000 : 50;
    for (unsigned i = 0; i < words * 3; ++i) {
      const std::string word(1 + random() % 20, static_cast<char>('a' + random() % 26));
      const std::string longer = word + std::to_string(random() % words);
      counts.add(longer, 1 + i % 2);
      expected[longer] += 1 + i % 2;
    }
    CHECK(map_of(counts) == expected);
    CHECK(counts.entries().size() == expected.size());
    counts.clear();
    CHECK(counts.entries().empty());
  }
}

TEST_CASE("words added all at once are as those added one by one", "[word_count][unit]") {
  std::mt19937 random(8);
  word_counts one_by_one;
  word_counts all_at_once;
  for (std::size_t size : {0, 1, 31, 32, 33, 5000, 70}) {
    std::string letters;
    std::vector<std::uint32_t> lengths;
    std::vector<std::uint32_t> counts;
    for (std::size_t i = 0; i < size; ++i) {
      std::string word = "w";
      word += std::to_string(random() % 3000);
      letters += word;
      lengths.push_back(static_cast<std::uint32_t>(word.size()));
      counts.push_back(1 + random() % 9);
      one_by_one.add(word, counts.back());
    }
    all_at_once.add_all(letters, lengths, counts);
    CHECK(map_of(all_at_once) == map_of(one_by_one));
  }
}

TEST_CASE("durations have a unit and are above 0", "[word_count][unit]") {
  using namespace std::chrono_literals;
  CHECK(parse_duration("20ms") == 20ms);
  CHECK(parse_duration("5s") == 5s);
  CHECK(parse_duration("1m") == 1min);
  CHECK(parse_duration("1.5s") == 1500ms);
  CHECK(parse_duration("250us") == 250us);
  for (const char* wrong :
       {"", "20", "ms", "-5ms", "0s", "5 s", "5sec", "1e3s", "nans", "infs", "9999999999h"}) {
    CHECK(!parse_duration(wrong));
  }
}
