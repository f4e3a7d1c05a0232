"""Words of panels and alerts that name no document and no person, in the languages of the panels; all in lower case.

After "Printing" or "Job" a text stays when all its words are here; the name of a document or a person has at least one that is not.
"""


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


PLACES = words(
    """
    adf all bac bandeja behälter bin bottom box bypass cajón cassette cassetto cloud computer device disk drawer drive duplexer
    e einzug email fach fax feeder finisher flatbed folder front ftp gaveta geheugen glass host input kassette lade lan left
    lower mail manual memoria memory mp mémoire netwerk network netzwerk output panel pc printer rear red rede rete right réseau
    scanner schacht server side smb speicher tank tiroir top tray trays unknown upper usb vassoio vitre vorlagenglas wifi wlan
    """
)
"""Where something may come from or go to that is no person."""

ORDINARY = PLACES | words(
    """
    a a3 a4 a5 a6 abbrechen abdeckung abgebrochen abgemeldet about above abrir accepted access account accounting action active
    add added adf adjust adjusting adjustment afdrukken afdruktaak after again age aguarde align aligning alignment all almost
    already amarelo amarillo an and angehalten angemeldet annulation annullamento annullato annulé annulée any aprire are area
    as at atasco atolamento attempt attendere attendre attente attesa au auf auftrag aufträge aus authentication auto automatic
    aux available avec b b4 b5 back baixo bajo band basso be been before begin being belt bereit better bezig bientôt bitte
    black blank blau blocked board border both bourrage box broken buffer busy but button by bypassed c calibrate calibrating
    calibration can cancel cancelado cancelando canceled canceling cancelled cancelling cannot capot card carriage carta
    cartridge cartridges cause center cerrar change changed changing check checking chiudere choose clean cleaned cleaning clear
    cleared clearing close closed cm cmyk code cold collate collated color colore colors colour colours com command completato
    complete completed completing compressing con concluído condition configuration configure confirm connect connected
    connecting connection contact contacting container contaminated contents continue continued continuing control cool cooling
    coperchio copia copias copie copies copy copying cor corrupt corso couleur count counter cours cover covers cubierta current
    cyan cycle cyclical d da dados damaged dans das data date daten dati datos de deactivated deep defect defective defined
    delay delete deleted deleting dem demo den depleted der des detected deur developer di diagnostic did die different
    digitalizando digitalização direct dirty disabled disconnected display do document documents does done données door doors
    down download downloading dpi draft druck druckauftrag druckdaten drucken drucker druckt drum dry du duplex during e each
    economy edge edges een ein eine einlegen eject el elaborazione empfang empfangen empty en enable enabled encre end ended
    engine enough enter entfernen envelope envelopes enviando envoi erforderlich erreur erro error errore errors ersetzen es
    escaneando escaneo espera espere est et event events exceeded exhausted exit expired exposure external faible fail failed
    failure fan farbe fast faulty fechar feed feeding fehler fermer fertig few file files fill filling film finish finished
    finishing firmware first fold folding follow following font fonts for form format formatting forms found fout free from full
    function fuser für gb geannuleerd gedruckt geel gegevens gelb general genuine gereed gerät gesperrt gestoppt giallo gli go
    good group guide half hard has head heads heat heating heften height held help het hold holding home hot hours i ii iii il
    im image imaging immediate impresión impresora impression impressora imprimante imprimiendo imprimindo in inceppamento inch
    inchiostro incomplete incorrect index info information initialize initializing ink inks inkt insert inserted inside install
    installed installing insufficient interface interrupt interrupted intervention invalid invio is issue ist it its iv jam
    jammed jams jaune job jobs just k kb keep kein keine key kit klappe klep kleur konfiguration konfigurationsseite kopie
    kopien kopiert l la laag label labels lamp landscape large las laser last lavori lavoro le leave leeg leer left legal les
    less let letter level levels lid life light limit line lines link list lista listo lists lo load loaded loading locate lock
    locked locking log logged login long loose los lost low m magenta mailbox mailboxes main maintenance major map margin mark
    matte maximum may mb media menu message messages met minimum minor minute minutes mirror misfeed mismatch missing mit mm
    mode model module modus mono monochrome month more motor move moved moving multi multipurpose must name near nearly need
    needed needs negro nero new next nicht niedrig niet no noir non normal not note notice now number numérisation não o oder of
    off offen offline offset oil ok old on one online only ontvangen open opened openen operation operator optical optimizing
    option or order orientation original originals os other ou out outdated ouvrir over overdue overflow oversize own pack page
    pages pagina pagina's pagine papel paper papier papierstau papierstoring para part parts pas password patienter patrone
    patronen pause paused pausing pcl pdf pending per percent permanent photo pick pickup pieces pin place please plug point por
    port porta porte portrait position postscript pour power powering preparation prepare preparing present press preto prevent
    print printed printer printhead printing prints private problem procesando process processando processed processing product
    profile program prompt pronto protected prova prueba prêt puerta punch punching put página páginas quality quantity queue
    queued quick quiet r ready recebendo received receiving recibiendo recommended recover recovering reduce reemplazar refill
    reinsert reject release released reload remaining remove removed removing remplacer repair replace replaced replacement
    report reports request requested require required requires reset resetting resolution resources restart restarting
    resttonerbehälter result results resume resuming retry retrying return reverse rgb ribbon ricezione roll roller rollers
    rotate rotating running réception same saved saving scan scanned scanning scans scansione schließen schwarz screen sealed
    search second seconds secure see seite seiten select selected self send sending sensor sent separation separator serial
    service set setting settings setup several sheet sheets short shortage should show shut shutdown simplex single size sizes
    sleep sleeping slot slow sluiten small so soft software some soon sostituire space special speed spool spooled spooling
    sportello stampa stampante staple stapler staples stapling start started starting startup state statement status stau step
    still stop stopped stopping storage store stored storing sub substituir subunit such supplies supply support supported sur
    switch system taak tab table tabs taken taking tampa tape task tasks technician temperature temporary terminado terminé
    terminée test testseite than that the them then there thick thin this time timeout times tinta to toner tonerkartusche
    toners too total touch trabajo trabajos trabalho traitement transfer transferring transmission transmitting transparency
    transparent travail travaux trommel turn two type tür um uma un una unable und une unit units unlock unplug until up update
    updating upgrade upgrading usage use used user users using v vacío validating value vazio verarbeitet verarbeitung verify
    verifying version vervangen verwerken very veuillez vide view voll voltooid von vuoto w wacht wachten wait waiting warm
    warming warmup warning warten wartet wartung wartungskit was waste wear wechseln week werden were when which width will wipe
    wird wireless wiring with within without wrong x y year yellow you your zero zone zu zwart à è é öffnen
    """
)
"""Words a panel or an alert is made of."""

STATES = words(
    """
    abgebrochen and angehalten annullato annulé are at attente beendet bitte can cancelado canceled cancelled cannot completato
    complete completed concluído could done en error est está failed fertig finished foi fue geannuleerd gereed had has have
    held in interrompu interrupted is ist kann may must nicht not on or paused pending please press resumed sera sind sono sont
    stopped suspended suspendu terminado terminé to voltooid wait waiting waits wartet was were will wird with wordt wurde è
    """
)
"""Words at which a name has ended."""
