namespace Runtime.Core.Tests.Stress;

/// <summary>A baton that rests where it arrives until its producer, a thread from outside, submits it again.</summary>
internal sealed class Parcel(HandOffAccount account, int id, long quota) : Baton(account, id, quota)
{
    protected override void OnTaken()
    {
        if (Count == Quota)
        {
            Account.OnFinished();
        }
    }
}
