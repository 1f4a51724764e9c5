// Functions of a library that the program loads after its keeper began.
#include <dlfcn.h>
#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <chrono>
#include <filesystem>
#include <string>

#include "process/library/reserves.hpp"
#include "support/catch.hpp"

namespace fs = std::filesystem;

namespace {

using multiply = int (*)(int);
constexpr auto soon = std::chrono::seconds(20);

multiply load(const fs::path& library) {
  void* const loaded = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  INFO((loaded == nullptr ? ::dlerror() : ""));
  REQUIRE(loaded != nullptr);
  const auto found = reinterpret_cast<multiply>(::dlsym(loaded, "plugin_multiply"));
  REQUIRE(found != nullptr);
  return found;
}

int result_of(std::future<int> f) {
  REQUIRE(f.wait_for(soon) == std::future_status::ready);
  return f.get();
}

// The test's own copy, which may be changed. The loader knows files by their inode.
fs::path copy_of(const char* library) {
  static int copies = 0;
  const fs::path copy =
      fs::temp_directory_path() /
      ("bulkhead-plugin-" + std::to_string(::getpid()) + "-" + std::to_string(++copies) + ".so");
  fs::copy_file(library, copy, fs::copy_options::overwrite_existing);
  return copy;
}

struct file_gone {
  fs::path path;
  ~file_gone() { fs::remove(path); }
};

}  // namespace

TEST_CASE("a function of a library that was loaded later is found in a child",
          "[process][program]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> begun{rt};  // the keeper is there
  const file_gone library{copy_of(PLUGIN_3)};
  const multiply f = load(library.path);
  CHECK(result_of(rt.call(f, 14)) == 42);
  SECTION("after another one was loaded") {
    const file_gone other{copy_of(PLUGIN_5)};
    const multiply g = load(other.path);
    CHECK(result_of(rt.call(g, 14)) == 70);
    CHECK(result_of(rt.call(f, 1)) == 3);
  }
}

TEST_CASE("a process that waited has no use where a library was loaded since",
          "[process][program]") {
  bulkhead::runtime rt;
  const pid_t waits = bulkhead_test::reserve_of(bulkhead_test::keeper_of(rt));
  REQUIRE(waits != 0);
  const file_gone library{copy_of(PLUGIN_3)};
  CHECK(result_of(rt.call(load(library.path), 14)) == 42);
}

TEST_CASE("a function of a library whose file was changed since is refused, not another called",
          "[process][program]") {
  bulkhead::runtime rt;
  bulkhead::queue<int> begun{rt};
  const file_gone library{copy_of(PLUGIN_3)};
  const multiply f = load(library.path);
  CHECK(f(2) == 6);
  std::string why;
  const auto refused = [&] {
    try {
      result_of(rt.call(f, 14));
    } catch (const bulkhead::error& failure) {
      why = failure.what();
      return failure.code() == bulkhead::errc::start_failed;
    }
    return false;
  };
  SECTION("replaced") {
    const fs::path other = copy_of(PLUGIN_5);
    fs::rename(other, library.path);
    CHECK(refused());
    CHECK(why.find("replaced") != std::string::npos);
  }
  SECTION("deleted") {
    fs::remove(library.path);
    CHECK(refused());
    CHECK(why.find("cannot be loaded") != std::string::npos);
  }
}
