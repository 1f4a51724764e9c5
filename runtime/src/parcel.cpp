#include <bulkhead/detail/parcel.hpp>
#include <optional>

#include "pipe_state.hpp"

namespace bulkhead::detail {

struct parcel::parts {
  ~parts() { give_up(); }
  void give_up() {
    if (pieces) lane->end_pieces(*pieces);
    pieces.reset();
  }

  std::vector<std::byte> bytes;
  std::vector<std::uint64_t> names;
  piece_places noted;
  // From the first piece to the last.
  std::shared_ptr<pipe_state> lane;
  std::optional<pipe_state::outgoing> pieces;
};

parcel::parcel(std::vector<std::byte> bytes, std::vector<std::uint64_t> names)
    : parts_(std::make_unique<parts>()) {
  parts_->bytes = std::move(bytes);
  parts_->names = std::move(names);
}

parcel::parcel(parcel&&) noexcept = default;
parcel& parcel::operator=(parcel&&) noexcept = default;
parcel::~parcel() = default;

std::error_code parcel::send(const pipe_core& to, patience how_long) {
  parts& my = *parts_;
  if (to.state() == nullptr) return errc::not_initialised;
  if (my.bytes.size() <= to.whole_bytes_max()) {
    return to.state()->send_naming(my.bytes, my.names, how_long, my.noted).code();
  }
  if (!my.pieces) {
    my.lane = to.state();
    my.pieces = my.lane->begin_pieces({}, my.bytes);
    my.pieces->names = my.names;
    my.pieces->noted = my.noted;
    my.pieces->waits = how_long.may_wait();
  }
  const status result = my.lane->push_pieces(*my.pieces, how_long);
  if (result != errc::full && result != errc::timed_out) my.give_up();
  return result.code();
}

std::size_t parcel::left() const noexcept {
  return parts_->pieces ? parts_->pieces->body.size() : parts_->bytes.size();
}

bool parcel::is_whole(const pipe_core& to) const {
  return parts_->names.empty() && parts_->bytes.size() <= to.whole_bytes_max();
}

std::span<std::byte> parcel::bytes() noexcept { return parts_->bytes; }

void parcel::note_place(std::atomic<std::uint64_t>* whole,
                        std::atomic<std::uint64_t>* first) noexcept {
  parts_->noted = {whole, first};
}

}  // namespace bulkhead::detail
