/**
 * Subscriptions of the same document, variables and scope. A subscriber is a place in the feed; those at the same place
 * move on together: one source, one execution and one serialised payload. A newcomer starts at the place that it asks for,
 * one that takes no more for now stays behind at its own, and both join the others where they catch up with them. So
 * nothing is queued for anybody.
 *
 * Where places have an order, those who stayed behind catch up together, however many places they are at: one source
 * begins at the first of them, and who is further on waits until it comes by. Who is late for it goes with the next one.
 * So a burst that is too much for many sockets costs one more source, not one for each.
 */
import type { ExecutionResult } from 'graphql'
import type { FeedPosition } from '../../feed/position.ts'
import { Follower, type OpenSource } from './follower.ts'
import { Member } from './member.ts'
import { keptMs, type RecentEvents, type SharedEvent } from './recent-events.ts'
import type { Replays } from './replays.ts'
import type { Subscriber } from './subscriber.ts'

export interface ChannelOptions {
  /** Unique. */
  name: string
  open: OpenSource
  replays: Replays
  recent: RecentEvents
  /** Called when the last member has left. */
  onIdle: () => void
}

export class Channel {
  readonly #options: ChannelOptions
  readonly #members = new Set<Member>()
  /** By the place at which their members wait for the next event. */
  readonly #followers = new Map<string, Follower<Member>>()
  /** Reads for those who stayed behind, until it has caught up. */
  #catchingUp: Follower<Member> | null = null
  /** Those who stayed behind what it has read already. */
  readonly #behind = new Set<Member>()

  constructor(options: ChannelOptions) {
    this.#options = options
  }

  /**
   * Adds a subscriber, whose events then come until it leaves.
   * @param after the cursor that it gives
   * @returns how it leaves, or the errors that refuse it
   * @throws {ReplayRefusedError} too many subscriptions begin
   */
  async join(subscriber: Subscriber, client: string, after: string | null): Promise<(() => void) | ExecutionResult> {
    const member = new Member(subscriber, client, after)
    const leave = () => this.#leave(member)
    this.#members.add(member)
    // Not assigned as a literal, see db/young-client.ts.
    const onReady = () => this.#onReady(member)
    subscriber.onReady = onReady
    this.#advance(member)
    try {
      const refused = await member.follower?.opened
      if (refused) leave()
      else member.isJoined = true
      return refused ?? leave
    } catch (error) {
      leave()
      throw error
    }
  }

  /** Delivers what a follower has read. */
  deliver(follower: Follower<Member>, event: SharedEvent): void {
    const before = follower.position
    const { payload, position } = event
    const moved = position.place !== before.place
    if (this.#followers.get(before.place) === follower) this.#followers.delete(before.place)
    // Not even if it is the oldest of too many.
    payload?.hold()
    if (moved || (!payload && !before.more)) this.#options.recent.keep(this.#nameOf(before), event)
    follower.position = position
    const early: Member[] = []
    for (const member of follower.members) {
      if (!member.needs(event, before)) continue
      const mayTake = member.mayTake(event)
      // What does not move it on is an error, which is not read again.
      if (mayTake && (!moved || !member.subscriber.isFull())) this.#give(member, event)
      else {
        this.#detach(member)
        if (!mayTake) early.push(member)
      }
    }
    if (!payload) follower.stop()
    else if (!payload.failed) this.#meetOthers(follower)
    for (const member of early) this.#advance(member)
    payload?.sent()
    if (follower === this.#catchingUp && (follower.isLive || follower.isStopped)) this.#catchUpNext()
  }

  /** Lets the members of a follower join those who were there before them. */
  #meetOthers(follower: Follower<Member>): void {
    const { position, members } = follower
    const next = this.#options.recent.get(this.#nameOf(position))
    const areOthersHere = this.#followers.has(position.place) || this.#liveBefore(position, follower) !== undefined
    if (areOthersHere) follower.stop()
    else this.#followers.set(position.place, follower)
    for (const member of [...members]) {
      if (!areOthersHere && !(next && member.mayTake(next))) continue
      this.#detach(member)
      this.#advance(member)
    }
    if (!areOthersHere) this.#stopWhenUnused(follower)
  }

  /** The last one that waits for the next change at a place or before it, so that what it reads then has what comes after. */
  #liveBefore({ order }: FeedPosition, except: Follower<Member> | null): Follower<Member> | undefined {
    let last: Follower<Member> | undefined
    for (const follower of this.#followers.values()) {
      const at = follower.position.order
      if (!follower.isLive || follower === except || order === null || at === null || at > order) continue
      if (at >= (last?.position.order ?? 0)) last = follower
    }
    return last
  }

  /** Ends the members of a follower whose source cannot be opened. */
  refuse(follower: Follower<Member>, payload: SharedEvent['payload']): void {
    this.#remove(follower)
    for (const member of follower.members) {
      // Those who are joining are told so.
      if (!member.isJoined) continue
      if (payload) member.subscriber.deliver(payload)
      this.#end(member)
    }
    if (follower === this.#catchingUp) this.#catchUpNext()
  }

  #give(member: Member, event: SharedEvent): void {
    member.take(event)
    if (!event.payload) this.#end(member)
  }

  #onReady(member: Member): void {
    if (!this.#members.has(member)) return
    if (member.follower) void member.follower.read()
    else this.#advance(member)
  }

  /** Moves a member to where others wait, or to where it has to wait itself. */
  #advance(member: Member): void {
    while (this.#members.has(member)) {
      const event = this.#options.recent.get(this.#nameOf(member.position))
      if (!event || !member.mayTake(event)) return void this.#wait(member)
      if (event.payload && member.subscriber.isFull()) return
      this.#give(member, event)
    }
  }

  /** Lets a member wait for what comes after its place. */
  #wait(member: Member): void {
    const { place, order } = member.position
    let follower = this.#followers.get(place)
    if (!follower && order !== null) {
      // Who takes no more for now would hold up those that it waits with.
      if (member.subscriber.isFull()) return
      follower = this.#liveBefore(member.position, null) ?? this.#catchUp(member)
      if (!follower) return void this.#behind.add(member)
    }
    follower ??= this.#follow(member)
    member.follower = follower
    follower.members.add(member)
    void follower.read()
  }

  /** Who reads for those who stayed behind; undefined where that is past the member's place already. */
  #catchUp(member: Member): Follower<Member> | undefined {
    if (!this.#catchingUp || this.#catchingUp.isStopped) this.#catchingUp = this.#follow(member)
    return member.isAtOrAfter(this.#catchingUp.position) ? this.#catchingUp : undefined
  }

  /** Lets those catch up who were late for the last time. */
  #catchUpNext(): void {
    this.#catchingUp = null
    const behind = [...this.#behind].sort((a, b) => (a.position.order ?? 0) - (b.position.order ?? 0))
    this.#behind.clear()
    for (const member of behind) this.#advance(member)
  }

  #follow({ client, position, isJoined }: Member): Follower<Member> {
    const { open, replays } = this.#options
    const follower = new Follower({ channel: this, open, replays, client, position, isNew: !isJoined })
    this.#followers.set(position.place, follower)
    return follower
  }

  #detach(member: Member): void {
    member.follower?.members.delete(member)
    member.follower = null
  }

  #leave(member: Member): void {
    if (!this.#members.delete(member)) return
    const { follower } = member
    this.#detach(member)
    this.#behind.delete(member)
    if (this.#members.size > 0) {
      if (follower) this.#stopWhenUnused(follower)
      return
    }
    for (const left of this.#followers.values()) left.stop()
    this.#followers.clear()
    this.#options.onIdle()
  }

  #end(member: Member): void {
    this.#leave(member)
    member.subscriber.end()
  }

  /** A follower whose members are all behind is kept as long as they can catch up without another one. */
  #stopWhenUnused(follower: Follower<Member>): void {
    if (follower.members.size > 0) return
    setTimeout(() => {
      if (follower.members.size > 0) return
      follower.stop()
      this.#remove(follower)
      if (follower === this.#catchingUp) this.#catchUpNext()
    }, keptMs).unref()
  }

  #remove(follower: Follower<Member>): void {
    const { place } = follower.position
    if (this.#followers.get(place) === follower) this.#followers.delete(place)
  }

  #nameOf({ place }: FeedPosition): string {
    return `${this.#options.name} ${place}`
  }
}
