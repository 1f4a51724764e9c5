#pragma once

#include <bulkhead/detail/async_initiate.hpp>
#include <bulkhead/pipe.hpp>
#include <optional>

// The steps of a pipe end's asynchronous calls.
namespace bulkhead::detail {

/// A message larger than the ring, that goes out bit by bit as there is room. Destroyed before its
/// end it was never sent.
class piece_sender {
 public:
  /// @limits names: of the endpoints in it.
  piece_sender(std::weak_ptr<pipe_state> pipe, std::vector<std::byte> bytes,
               std::vector<std::uint64_t> names);
  piece_sender(piece_sender&&) noexcept;
  piece_sender& operator=(piece_sender&&) noexcept;
  ~piece_sender();

  /// Sends what there is room for. @returns true: that was the rest, or an error.
  bool attempt(std::error_code& ec);

 private:
  struct progress;
  std::unique_ptr<progress> progress_;
};

// Why a call on an end must not even try; none: it may. Then `pipe` is the end, for this try.
[[nodiscard]] std::error_code obstacle_to_use(const std::weak_ptr<pipe_state>& end, bool was_there,
                                              pipe_core& pipe);
[[nodiscard]] std::error_code obstacle_to_wait(const pipe_core& pipe);

class pipe_step {
 public:
  static constexpr bool together = true;

  pipe_step(const pipe_core& pipe, bool sending)
      : end_(pipe.state()), was_there_(pipe.state() != nullptr), sending_(sending) {}

  [[nodiscard]] async_home home() const { return home_of(end_.lock()); }
  [[nodiscard]] bool others_wait() const { return detail::others_wait(source()); }
  [[nodiscard]] std::vector<async_source> sources() const { return {source()}; }
  [[nodiscard]] static auto look_again() { return async_operation::time_point::max(); }

 protected:
  [[nodiscard]] std::error_code obstacle(pipe_core& pipe) const {
    return obstacle_to_use(end_, was_there_, pipe);
  }
  [[nodiscard]] const std::weak_ptr<pipe_state>& end() const noexcept { return end_; }

 private:
  [[nodiscard]] async_source source() const {
    async_source s;
    s.pipe = end_;
    s.sending = sending_;
    return s;
  }

  std::weak_ptr<pipe_state> end_;
  bool was_there_;
  bool sending_;
};

template <class Out, class In>
class pipe_send_step : public pipe_step {
 public:
  using result = void;

  pipe_send_step(const pipe_end<Out, In>& to, Out&& value)
      : pipe_step(to.core(), true), value_(std::move(value)) {}

  bool attempt(std::error_code& ec) {
    if (pieces_) return pieces_->attempt(ec);
    pipe_core pipe;
    if (ec = obstacle(pipe); ec) return true;
    const pipe_end<Out, In> to(std::move(pipe));
    if constexpr (!is_slotted<Out>) {
      const std::size_t size = encoded_size(value_);
      if (size < oversize && size > to.core().whole_bytes_max()) return attempt_pieces(size, ec);
    }
    if (to.try_send(value_, ec) || ec) return true;
    ec = obstacle_to_wait(to.core());
    return static_cast<bool>(ec);
  }
  template <class Handler>
  void give(Handler&& handler, const boost::system::error_code& ec) {
    std::forward<Handler>(handler)(ec);
  }

 private:
  bool attempt_pieces(std::size_t size, std::error_code& ec) {
    std::vector<std::byte> bytes(size);
    named_endpoints names;
    encoder into(bytes.data(), &names);
    encode(into, value_);
    return pieces_.emplace(end(), std::move(bytes), std::move(names.ids())).attempt(ec);
  }

  Out value_;
  std::optional<piece_sender> pieces_;
};

template <class Out, class In>
class pipe_receive_step : public pipe_step {
 public:
  using result = In;

  explicit pipe_receive_step(const pipe_end<Out, In>& from) : pipe_step(from.core(), false) {}

  bool attempt(std::error_code& ec) {
    pipe_core pipe;
    if (ec = obstacle(pipe); ec) return true;
    if (ec = obstacle_to_wait(pipe); ec) return true;
    const pipe_end<Out, In> from(std::move(pipe));
    std::optional<In> got = from.try_receive(ec);
    if (got) value_ = std::move(*got);
    return ec || got;
  }
  template <class Handler>
  void give(Handler&& handler, const boost::system::error_code& ec) {
    std::forward<Handler>(handler)(ec, std::move(value_));
  }

 private:
  In value_{};
};

template <class Out, class In>
struct async_of<pipe_end<Out, In>> {
  template <class Token>
  static decltype(auto) send(const pipe_end<Out, In>& end, Out&& value, Token&& token) {
    return async_run(pipe_send_step<Out, In>(end, std::move(value)), std::forward<Token>(token));
  }
  template <class Token>
  static decltype(auto) receive(const pipe_end<Out, In>& end, Token&& token) {
    return async_run(pipe_receive_step<Out, In>(end), std::forward<Token>(token));
  }
};

}  // namespace bulkhead::detail
