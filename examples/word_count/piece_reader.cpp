#include "piece_reader.hpp"

#include "tokenizer.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <string_view>

namespace word_count {

namespace {

// An open file. The first error stays, and everything after it reads nothing.
class source_file {
 public:
  // Non-blocking for the case that the name has become a pipe since it was listed.
  explicit source_file(const std::string& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (descriptor_ < 0) fail();
  }
  source_file(const source_file&) = delete;
  source_file& operator=(const source_file&) = delete;
  ~source_file() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  // Returns fewer bytes than asked for only at the end of the file or after an error.
  std::size_t read(char* into, std::size_t size, std::uint64_t offset) {
    std::size_t done = 0;
    while (done < size && !error_) {
      const auto n =
          ::pread(descriptor_, into + done, size - done, static_cast<off_t>(offset + done));
      if (n == 0) break;
      if (n > 0) done += static_cast<std::size_t>(n);
      if (n < 0 && errno != EINTR) fail();
    }
    return done;
  }
  [[nodiscard]] const std::error_code& error() const noexcept { return error_; }

 private:
  void fail() { error_.assign(errno, std::generic_category()); }

  int descriptor_;
  std::error_code error_;
};

// Looks back from `offset`, as far as the digits before it reach.
bool starts_inside_identifier(source_file& file, std::uint64_t offset) {
  char before[256];
  auto answer = inside::unknown;
  while (offset > 0 && answer == inside::unknown && !file.error()) {
    const auto size = std::min<std::uint64_t>(offset, sizeof before);
    offset -= size;
    answer = ends_inside_identifier({before, file.read(before, size, offset)});
  }
  return answer == inside::yes;
}

std::size_t word_bytes_at_start(std::string_view text) {
  const auto end = std::find_if(text.begin(), text.end(),
                                [](char c) { return class_of(c) == byte_class::other; });
  return static_cast<std::size_t>(end - text.begin());
}

// Reads on until the identifier that is open at the end of `text` has ended.
void complete_last_identifier(source_file& file, std::uint64_t offset, std::string& text) {
  constexpr std::size_t step = 4096;
  for (bool open = true; open;) {
    const std::size_t before = text.size();
    text.resize(before + step);
    const std::size_t got = file.read(text.data() + before, step, offset + before);
    text.resize(before + got);
    open = got == step && word_bytes_at_start(std::string_view(text).substr(before)) == step;
  }
}

}  // namespace

std::error_code piece_reader::count(const piece& part, word_counts& counts) {
  source_file file(part.path);
  text_.resize(part.length);
  text_.resize(file.read(text_.data(), part.length, part.offset));
  std::size_t skipped = 0;
  if (starts_inside_identifier(file, part.offset)) skipped = word_bytes_at_start(text_);

  const std::size_t border = text_.size();
  const auto own = std::string_view(text_).substr(skipped);
  if (ends_inside_identifier(own) == inside::yes)
    complete_last_identifier(file, part.offset, text_);
  if (file.error()) return file.error();
  for_each_identifier(std::string_view(text_).substr(skipped), border - skipped,
                      [&](std::string_view word) { counts.add(word); });
  return {};
}

}  // namespace word_count
