#pragma once

#include <atomic>
#include <bulkhead/detail/pipe_core.hpp>
#include <memory>
#include <span>
#include <system_error>
#include <vector>

namespace bulkhead::detail {

/// A message of a call lane in memory of its own, with its head. It goes out as there is room, in
/// pieces where it is large, so that who sends it need not wait. Destroyed before its end it was
/// never sent: its receiver drops what it has of it.
/// @threads one at a time.
class parcel {
 public:
  /// @limits names: of the endpoints in it.
  explicit parcel(std::vector<std::byte> bytes, std::vector<std::uint64_t> names = {});
  parcel(parcel&&) noexcept;
  parcel& operator=(parcel&&) noexcept;
  ~parcel();

  /// Sends what there is room for. Not again once it is sent.
  /// @returns nothing: all of it is sent. full, timed_out: another call goes on with it.
  /// peer_restarted: who had the first of it is no more, so that another call begins anew. Else it
  /// cannot be sent: as pipe_core::reserve and send_naming.
  std::error_code send(const pipe_core& to, patience how_long);
  /// Bytes of it that are not sent yet.
  [[nodiscard]] std::size_t left() const noexcept;
  /// True where it goes in one piece, and names nothing.
  [[nodiscard]] bool is_whole(const pipe_core& to) const;
  [[nodiscard]] std::span<std::byte> bytes() noexcept;
  /// Where tails are noted before they publish: it, or its first piece, when all of it is sent; and
  /// its first piece.
  void note_place(std::atomic<std::uint64_t>* whole, std::atomic<std::uint64_t>* first) noexcept;

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace bulkhead::detail
