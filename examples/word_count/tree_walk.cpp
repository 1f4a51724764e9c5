#include "tree_walk.hpp"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

namespace word_count {

namespace fs = std::filesystem;

namespace {

// A file that has gone meanwhile is listed as empty: reading it then says what is wrong with it.
piece whole_file(std::string path) {
  std::error_code ec;
  const auto size = fs::file_size(path, ec);
  return {std::move(path), 0, ec ? 0 : size};
}

}  // namespace

tree_walk::tree_walk(std::vector<std::string> roots, walk_position from)
    : roots_(std::move(roots)), position_(std::move(from)) {}

std::optional<piece> tree_walk::next() {
  while (true) {
    if (levels_.empty()) {
      if (position_.root >= roots_.size()) return std::nullopt;
      if (auto file = enter_root()) return file;
      continue;
    }
    level& here = levels_.back();
    if (here.rest.empty()) {
      levels_.pop_back();
      if (levels_.empty()) next_root();
      continue;
    }
    const entry found = std::move(here.rest.back());
    here.rest.pop_back();
    std::string path = here.prefix + found.name;
    if (found.folder && enter_folder(path)) continue;
    position_.after = path.substr(levels_.front().prefix.size());
    return found.folder ? piece{std::move(path)} : whole_file(std::move(path));
  }
}

std::optional<piece> tree_walk::enter_root() {
  const std::string& root = roots_[position_.root];
  std::error_code ec;
  if (!fs::is_directory(root, ec) || !enter_folder(root)) {
    piece file = whole_file(root);
    next_root();
    return file;
  }
  skip_to(position_.after);
  return std::nullopt;
}

// Reads a folder's regular files and folders. Returns false, and enters nothing, where it cannot.
bool tree_walk::enter_folder(std::string path) {
  std::error_code ec;
  std::vector<entry> found;
  for (fs::directory_iterator at(path, ec), end; !ec && at != end; at.increment(ec)) {
    // These ask the folder's entry, not the file: its name may be too long for the system.
    std::error_code unknown;
    if (at->is_symlink(unknown)) continue;
    const bool folder = at->is_directory(unknown);
    if (folder || at->is_regular_file(unknown)) {
      found.push_back({at->path().filename().native(), folder});
    }
  }
  if (ec) return false;
  std::sort(found.begin(), found.end(),
            [](const entry& a, const entry& b) { return a.name > b.name; });
  if (!path.ends_with('/')) path += '/';
  levels_.push_back({std::move(path), std::move(found)});
  return true;
}

// Drops everything up to `after`, and of the folders on the way to it what comes before.
void tree_walk::skip_to(std::string_view after) {
  while (!after.empty()) {
    const auto slash = after.find('/');
    const auto name = after.substr(0, slash);
    auto& rest = levels_.back().rest;
    while (!rest.empty() && rest.back().name < name) rest.pop_back();
    if (rest.empty() || rest.back().name != name) return;
    const entry found = std::move(rest.back());
    rest.pop_back();
    if (slash == std::string_view::npos) return;
    if (!found.folder || !enter_folder(levels_.back().prefix + found.name)) return;
    after.remove_prefix(slash + 1);
  }
}

void tree_walk::next_root() { position_ = {position_.root + 1, {}}; }

std::vector<piece> pieces_of(const piece& file) {
  std::vector<piece> pieces;
  std::uint64_t offset = 0;
  do {
    const auto length = std::min(file.length - offset, piece_bytes_max);
    pieces.push_back({file.path, offset, length});
    offset += length;
  } while (offset < file.length);
  return pieces;
}

}  // namespace word_count
